"""Calibration bar by bar is the one that is evaluated session by session."""

import numpy as np
import pytest

from causal_alpha.calibrator import Calibrator
from causal_alpha.checkpoints import pack, unpack
from causal_alpha.evaluation.density import simulate
from causal_alpha.frames import Floats
from causal_alpha.models.base import HORIZONS, Outlook, Prediction
from causal_alpha.models.ewma import NORMAL

SESSIONS, SYMBOLS = 160, 4
_BAR = 60


def panel(seed: int = 3) -> tuple[Floats, Floats]:
    """Closes and mean variances of a bar, (sessions, symbols); the variances are off by a factor each."""
    rng = np.random.default_rng(seed)
    deviation = 0.01 * np.exp(0.5 * np.sin(np.arange(SESSIONS)[:, None] / 9 + np.arange(SYMBOLS)))
    returns = deviation * rng.standard_t(5, (SESSIONS, SYMBOLS))
    return 100 * np.exp(np.cumsum(returns, axis=0)), deviation**2 * np.asarray([0.5, 1.0, 2.0, 1.0])


def run(closes: Floats, variance: Floats, calibrator: Calibrator, first: int, last: int) -> Floats:
    """Calibrated quantiles (sessions, symbols, h, 13) of sessions from `first` up to `last`."""
    rows, found = np.arange(SYMBOLS), []
    for session in range(first, last):
        at = session * _BAR
        calibrator.observe(at, rows, closes[session], SYMBOLS)
        spread = variance[session][:, None] * np.asarray(HORIZONS, dtype=np.float64)
        plain = Prediction(spread * 0.0, spread, np.sqrt(spread)[:, :, None] * np.asarray(NORMAL))
        said = calibrator.adjust(rows, plain, SYMBOLS)
        due = at + _BAR * np.tile(np.asarray(HORIZONS), (SYMBOLS, 1))
        calibrator.expect(rows, said, closes[session], due)
        found.append(said.quantiles)
    return np.stack(found)


def test_calibrator_gives_what_the_evaluation_simulates() -> None:
    closes, variance = panel()
    outlook = Outlook(np.zeros((SESSIONS, SYMBOLS, 2)), np.repeat(variance[:, :, None], 2, axis=2))

    live = run(closes, variance, Calibrator(), 0, SESSIONS)

    for place, horizon in enumerate(HORIZONS):
        returns = np.full((SESSIONS, SYMBOLS), np.nan)
        returns[:-horizon] = np.log(closes[horizon:] / closes[:-horizon])
        batch = simulate(outlook, returns, horizon).calibrated
        np.testing.assert_allclose(live[:, :, place], batch, rtol=1e-12)


def test_calibrator_goes_on_from_a_dump_to_the_last_bit() -> None:
    closes, variance = panel()
    whole, half = Calibrator(), Calibrator()
    run(closes, variance, half, 0, 101)

    again = Calibrator.load(unpack(pack(half.dump())))

    assert (
        run(closes, variance, again, 101, SESSIONS).tobytes()
        == run(closes, variance, whole, 0, SESSIONS)[101:].tobytes()
    )


@pytest.mark.parametrize("gone", [np.nan, None])
def test_calibrator_forgets_a_forecast_whose_bar_never_came(gone: float | None) -> None:
    closes, variance = panel()
    calibrator = Calibrator()
    run(closes, variance, calibrator, 0, 1)
    rows = np.arange(SYMBOLS) if gone is not None else np.empty(0, dtype=np.int64)

    calibrator.observe(_BAR, rows, np.full(len(rows), np.nan), SYMBOLS)
    calibrator.observe(6 * _BAR, np.arange(SYMBOLS), closes[6], SYMBOLS)

    assert [len(waiting.rows) for waiting in calibrator.waiting] == [0, 0]
    assert [residuals.seen for residuals in calibrator.residuals] == [0, 0]


def test_calibrator_takes_in_symbols_that_come_later() -> None:
    closes, variance = panel()
    calibrator = Calibrator()
    run(closes, variance, calibrator, 0, 80)
    rows, spread = np.asarray([SYMBOLS]), np.full((1, 2), 1e-4)
    plain = Prediction(spread * 0.0, spread, np.sqrt(spread)[:, :, None] * np.asarray(NORMAL))

    said = calibrator.adjust(rows, plain, SYMBOLS + 1)

    assert np.isfinite(said.quantiles).all()
    assert (np.diff(said.quantiles, axis=2) >= 0).all()
