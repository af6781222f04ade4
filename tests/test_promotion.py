import json
from collections.abc import Callable, Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha import promotion
from causal_alpha.checks.forecaster import made_up
from causal_alpha.dataset import Dataset
from causal_alpha.evaluation.density import simulate
from causal_alpha.evaluation.tournament import Origins, play, truths
from causal_alpha.frames import Floats, Frame
from causal_alpha.intervals import DAY
from causal_alpha.promotion import BOUND, ENOUGH, PROBATION, decide, wealth
from causal_alpha.records import Score
from causal_alpha.registry import CHALLENGER, CHAMPION, HISTORY, Registered, Version
from causal_alpha.scoring import crps

REPLAYS, SESSIONS = 400, 250


def replays(series: Floats, rng: np.random.Generator) -> Floats:
    """(400, 250) block-bootstrap replays of a series of daily gains, in blocks of ten."""
    first = rng.integers(0, len(series) - 10, (REPLAYS, SESSIONS // 10))
    rows = first[:, :, None] + np.arange(10)
    return series[rows].reshape(REPLAYS, SESSIONS)


@pytest.fixture(scope="module")
def real() -> tuple[Floats, float]:
    """Daily gains of one real model over another on a made-up panel, scaled as promotion does, and the usual loss."""
    data = Dataset.from_bars(made_up(symbols=12, sessions=900, odd=False))
    origins = Origins.of(data, 400 * DAY)
    said = play(data, origins, ("har", "naive"), say=lambda line: None)
    returns, _ = truths(data, origins, 1)
    losses = [crps(returns, simulate(said[name], returns, 1).plain) for name in ("har per symbol", "har")]
    scaled = [loss / promotion._deviation(returns) for loss in losses]
    known = slice(origins.warm, -1)
    return np.nanmean((scaled[0] - scaled[1])[known], axis=1), float(np.nanmean(scaled[1][known]))


def test_equal_models_are_rarely_promoted_though_looked_at_daily(real: tuple[Floats, float]) -> None:
    gains, _ = real
    rng = np.random.default_rng(1)
    same = wealth(replays(gains - np.clip(gains, -BOUND, BOUND).mean(), rng))
    assert (same.max(axis=1) >= ENOUGH).mean() <= 0.05


def test_gain_of_two_percent_is_found_within_250_sessions(real: tuple[Floats, float]) -> None:
    gains, usual = real
    better = replays(gains - gains.mean() + 0.02 * usual, np.random.default_rng(2))
    reached = wealth(better) >= ENOUGH
    assert reached.any(axis=1).mean() >= 0.9
    assert np.median(np.argmax(reached, axis=1)[reached.any(axis=1)]) <= 150


@pytest.mark.parametrize("kind", ["fat tails", "skewed"])
def test_equal_models_of_unpleasant_gains_are_rarely_promoted(kind: str) -> None:
    """Gains with the spread of real ones, 5.5 % of the loss, whose clipped mean is 0."""
    rng = np.random.default_rng(3)
    shape, spread = (REPLAYS, SESSIONS), 0.055 * 0.23
    noise = rng.standard_t(3, shape) / np.sqrt(3) if kind == "fat tails" else 1 - rng.exponential(1, shape)
    gains = np.clip(spread * noise, -BOUND, BOUND)
    gains -= gains.mean()
    assert (wealth(gains).max(axis=1) >= ENOUGH).mean() <= 0.05


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40))
def test_wealth_is_above_zero_and_a_fair_bet(gains: list[float]) -> None:
    """A session that may go either way with equal chances leaves the wealth what it was, on average."""
    past = np.asarray(gains)
    now = wealth(past)[-1]
    up, down = (wealth(np.append(past, one))[-1] for one in (0.03, -0.03))
    assert now > 0
    assert (up + down) / 2 == pytest.approx(now)


# -- from scores to a decision -----------------------------------------------------------------------

SYMBOLS = ("A", "B", "C", "D", "E")


def scored(losses: dict[str, Callable[[int, int], float]], sessions: int = 120, first: int = 0) -> Frame[Score]:
    """Scores of versions: `losses` give the CRPS of a session and symbol by version, NaN for no forecast."""
    rng = np.random.default_rng(5)
    rows = []
    for session in range(first, first + sessions):
        for place, symbol in enumerate(SYMBOLS):
            came = 0.01 * rng.standard_normal()
            for version, loss in losses.items():
                value = loss(session, place)
                if np.isnan(value):
                    continue
                rows.append(score(symbol, session, version, came, value))
    return Frame.of(Score, rows)


def score(symbol: str, session: int, version: str, ret: float, loss: float) -> Score:
    return Score(
        symbol=symbol, interval="1d", start=session * DAY, made=(session + 1) * DAY, horizon=1, due=(session + 2) * DAY,
        family="lstm", version=version, price=1.0, truth=float(np.exp(ret)), ret=ret, crps=loss, crps_naive=0.003,
        crps_ewma=0.003, qlike=1.0, inside_80=1.0, inside_95=1.0, winkler_80=0.03, scored=(session + 2) * DAY,
        shadow=version != "1",
    )  # fmt: skip


def registered(
    challenger: int | None = 2,
    *,
    until: Sequence[int] = (100, 200),
    gate: str = "passed",
    crowned: Sequence[int] = (1,),
) -> Registered:
    versions = [
        Version("lstm-1d", number + 1, "run", {"family": "lstm", "gate": gate, "until_ns": str(end)})
        for number, end in enumerate(until)
    ]
    history = [{"at": 0, "before": 0, "after": number, "why": ""} for number in crowned]
    aliases = {CHAMPION: 1} | ({CHALLENGER: challenger} if challenger else {})
    return Registered("lstm-1d", tuple(reversed(versions)), aliases, {HISTORY: json.dumps(history)})


def noisy(level: float, seed: int) -> Callable[[int, int], float]:
    noise = np.random.default_rng(seed).standard_normal((2000, len(SYMBOLS)))
    return lambda session, place: 0.0023 * (level + 0.05 * noise[session, place])


def test_better_challenger_is_promoted_once_it_has_proven_itself() -> None:
    scores = scored({"1": noisy(1.0, 1), "2": noisy(0.96, 2)}, sessions=200)
    decision = decide(registered(), scores)
    assert decision.promote, decision.why
    assert (decision.champion, decision.challenger, decision.sessions) == (1, 2, 190)
    assert max(decision.path) >= ENOUGH > decision.path[0]
    early = decide(registered(), scores.take(scores.ints("start") < 14 * DAY))
    assert not early.promote
    assert "expected 5 sessions of its own, was 4" in early.why


class Tags:
    """A registry as far as a note needs one."""

    def __init__(self) -> None:
        self.written: dict[tuple[int, str], str] = {}

    def tag(self, version: Version, key: str, value: str) -> None:
        self.written[version.number, key] = value


def test_evidence_is_noted_with_the_challenger_in_few_points() -> None:
    tags, model = Tags(), registered()
    decision = decide(model, scored({"1": noisy(1.0, 1), "2": noisy(0.96, 2)}, sessions=400))
    promotion.note(tags, model, decision)  # type: ignore[arg-type]
    points = [float(e) for e in tags.written[2, "evidence"].split()]
    assert len(points) == promotion.POINTS < decision.sessions
    assert points[-1] == pytest.approx(decision.e, rel=0.01)
    assert len(tags.written[2, "evidence"]) < 5_000
    assert tags.written[2, "trial"].startswith(f"e {decision.e:.3g}, 390 sessions")


def test_evidence_of_a_model_without_a_challenger_is_nothing() -> None:
    tags, model = Tags(), registered(challenger=None)
    promotion.note(tags, model, decide(model, scored({"1": noisy(1.0, 1)}, sessions=20)))  # type: ignore[arg-type]
    assert not tags.written


POISONED: dict[str, Callable[[int, int], float]] = {
    "sign flipped": noisy(1.25, 7),
    "stale": noisy(1.05, 8),
    "NaN": lambda session, place: float("nan"),
    "silent about the hard ones": lambda session, place: 0.0 if place == 0 else float("nan"),
    "equal": noisy(1.0, 9),
}


@pytest.mark.parametrize("kind", POISONED)
def test_poisoned_challenger_is_never_promoted(kind: str) -> None:
    scores = scored({"1": noisy(1.0, 1), "2": POISONED[kind]}, sessions=300)
    assert not any(
        decide(registered(), scores.take(scores.ints("start") < day * DAY)).promote for day in range(1, 301, 10)
    )


@pytest.mark.parametrize("kind", ["sign flipped", "NaN", "silent about the hard ones"])
def test_poisoned_newest_of_a_line_that_won_is_not_promoted(kind: str) -> None:
    good = scored({"1": noisy(1.0, 1), "2": noisy(0.95, 2)}, sessions=200)
    bad = scored({"1": noisy(1.0, 1), "3": POISONED[kind]}, sessions=20, first=200)
    line = Frame.concat([good, bad])
    decision = decide(registered(3, until=(100, 200, 300)), line)
    assert not decision.promote
    sound = scored({"1": noisy(1.0, 1), "3": noisy(0.95, 3)}, sessions=20, first=200)
    assert decide(registered(3, until=(100, 200, 300)), Frame.concat([good, sound])).promote


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (registered(until=(200, 100)), "expected data until 200 ns at least, was 100"),
        (registered(gate="blocked"), "expected a version that passed the sanity gate, was blocked"),
        (registered(crowned=(1, 2, 1)), "expected a version newer than all former champions, was 2"),
        (registered(None), "no challenger"),
    ],
)
def test_challenger_that_may_not_serve_is_not_promoted_however_good(model: Registered, why: str) -> None:
    decision = decide(model, scored({"1": noisy(1.0, 1), "2": noisy(0.5, 2)}, sessions=100))
    assert not decision.promote
    assert decision.why == why


def test_no_scores_are_no_evidence() -> None:
    decision = decide(registered(), Frame.empty(Score))
    assert (decision.promote, decision.e) == (False, 1.0)
    assert f"expected {PROBATION} sessions of its own, was 0" in decision.why


def test_deviation_knows_only_the_past() -> None:
    returns = 0.01 * np.random.default_rng(0).standard_normal((60, 3))
    changed = returns.copy()
    changed[40:] *= 50
    before, after = promotion._deviation(returns), promotion._deviation(changed)
    assert before[:41].tobytes() == after[:41].tobytes()
    assert (before[41:] != after[41:]).all()
    assert np.isnan(before[:10]).all()


@pytest.mark.market
def test_gate_keeps_its_promise_on_real_losses(market) -> None:
    from causal_alpha.daily import read_daily, session_start

    bars = read_daily(market / "us_daily.parquet")[0]
    data = Dataset.from_bars(bars.take(np.flatnonzero(bars.labels("symbol").codes < 12)))
    origins = Origins.of(data, session_start(date(2018, 1, 1)))
    said = play(data, origins, ("har",), say=lambda line: None)
    returns, _ = truths(data, origins, 1)
    scale = promotion._deviation(returns)
    losses = [crps(returns, simulate(said[name], returns, 1).plain) / scale for name in ("ewma", "har")]
    gains = np.nanmean((losses[0] - losses[1])[origins.warm : -1], axis=1)
    usual = float(np.nanmean(losses[1][origins.warm : -1]))
    rng = np.random.default_rng(0)
    same = wealth(replays(gains - np.clip(gains, -BOUND, BOUND).mean(), rng))
    better = wealth(replays(gains - gains.mean() + 0.02 * usual, rng))
    assert (same.max(axis=1) >= ENOUGH).mean() <= 0.05
    assert (better.max(axis=1) >= ENOUGH).mean() >= 0.9
