"""Every forecast is scored once, by the close due, whatever comes twice, late or never."""

import math
import random

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.checkpoints import pack, unpack
from causal_alpha.errors import FrameError
from causal_alpha.frames import Frame
from causal_alpha.ledger import Ledger, check_forecasts
from causal_alpha.models.ewma import NORMAL
from causal_alpha.records import LEVELS, Forecast, Score
from causal_alpha.scores import score

BAR = 60
KEY = "default|1m"


def forecast(symbol: str, made: int, price: float, horizon: int = 1, **other: object) -> Forecast:
    row = Forecast(
        symbol=symbol,
        interval="1m",
        start=made - BAR,
        made=made,
        horizon=horizon,
        due=made + horizon * BAR,
        price=price,
        location=0.0,
        variance=1e-4,
        quantiles=tuple(price * math.exp(0.01 * z) for z in NORMAL),
        family="ewma",
        version="1",
        feature_set="x",
        naive=2e-4,
        ewma=1e-4,
    )
    return msgspec.structs.replace(row, **other)


def told(made: int, *rows: Forecast, **closes: float) -> Frame[Forecast]:
    return Frame.of(Forecast, rows, {"made": str(made), "closes": msgspec.json.encode(closes).decode()})


def scores(ledger: Ledger, *frames: Frame[Forecast]) -> list[Score]:
    return [row for frame in frames for row in ledger.push(KEY, frame).rows()]


def test_forecast_is_scored_by_the_close_due() -> None:
    [row] = scores(Ledger(), told(60, forecast("A", 60, 100.0)), told(120, A=101.0))

    assert (row.truth, row.ret, row.scored) == (101.0, math.log(101 / 100), 120)
    assert (row.inside_80, row.inside_95) == (1.0, 1.0)
    levels = np.asarray(LEVELS)
    error = row.ret - 0.01 * np.asarray(NORMAL)
    assert row.crps == pytest.approx(2 * np.maximum(levels * error, (levels - 1) * error).mean(), rel=1e-12)
    assert row.crps_ewma == pytest.approx(row.crps, rel=1e-12)
    assert row.crps_naive > row.crps
    ratio = row.ret**2 / 1e-4
    assert row.qlike == pytest.approx(ratio - math.log(ratio) - 1, rel=1e-12)


def test_price_of_the_next_forecast_is_the_truth_of_the_one_before() -> None:
    found = scores(Ledger(), *(told(at, forecast("A", at, 100.0 + at)) for at in (60, 120, 180)))

    assert [(row.made, row.truth) for row in found] == [(60, 220.0), (120, 280.0)]


@pytest.mark.parametrize("late", [told(120), told(120, forecast("B", 120, 5.0))])
def test_forecast_without_its_bar_is_told_as_unscorable_and_not_lost(late: Frame[Forecast]) -> None:
    ledger = Ledger()

    [row] = scores(ledger, told(60, forecast("A", 60, 100.0)), late, told(180, A=103.0))

    assert all(map(math.isnan, (row.truth, row.ret, row.crps, row.qlike, row.inside_80, row.inside_95, row.winkler_80)))
    tally = ledger.tallies["1m", 1, "ewma", False]
    assert (tally.n, tally.unscorable) == (0, 1)


def test_forecast_over_a_weekend_waits() -> None:
    monday = forecast("A", 60, 100.0, due=6000)

    found = scores(Ledger(), told(60, monday), *(told(at) for at in range(120, 6000, 60)), told(6000, A=99.0))

    assert [row.truth for row in found] == [99.0]


def test_challenger_is_scored_beside_the_champion() -> None:
    ledger = Ledger()
    rows = [forecast("A", 60, 100.0, family="lstm", version="3"), forecast("A", 60, 100.0, version="4", shadow=True)]

    found = scores(ledger, told(60, *rows), told(120, A=101.0))

    assert [(row.family, row.version, row.shadow) for row in found] == [("lstm", "3", False), ("ewma", "4", True)]
    assert set(ledger.tallies) == {("1m", 1, "lstm", False), ("1m", 1, "ewma", True)}


def test_ledger_refuses_forecasts_that_say_no_time() -> None:
    with pytest.raises(FrameError, match="expected made and closes in meta"):
        Ledger().push(KEY, Frame.of(Forecast, [forecast("A", 60, 1.0)]))


def day(seed: int) -> list[Frame[Forecast]]:
    """Times of three symbols with gaps, two models, forecasts one and five bars ahead."""
    draw = random.Random(seed)
    frames = []
    for at in range(60, 1500, 60):
        rows, closes = [], {}
        for symbol in "ABC":
            price = 100.0 * math.exp(draw.gauss(0, 0.02))
            if draw.random() < 0.2:
                continue
            if draw.random() < 0.2:
                closes[symbol] = price
                continue
            rows += [forecast(symbol, at, price, h, version=v, shadow=v == "2") for h in (1, 5) for v in ("1", "2")]
        frames.append(told(at, *rows, **closes))
    return frames


def names(rows: list[Score]) -> list[tuple[str, int, int, str]]:
    return [(row.symbol, row.start, row.horizon, row.version) for row in rows]


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(0, 23), st.integers(1, 6))
def test_scores_are_the_same_after_a_kill_and_what_comes_again(seed: int, kill: int, back: int) -> None:
    """A worker dies, its ledger goes on from a dump, and the forecasts of the last times come again."""
    frames, ledger = day(seed), Ledger()
    whole = scores(Ledger(), *frames)

    before = scores(ledger, *frames[:kill])
    ledger = Ledger.load(unpack(pack(ledger.dump())))
    again = scores(ledger, *frames[max(0, kill - back) :])

    assert before + again == whole or [str(row) for row in before + again] == [str(row) for row in whole]
    assert len(set(names(whole))) == len(whole)


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_scores_equal_those_worked_out_offline(seed: int) -> None:
    """From the forecasts and closes alone, in no order, row by row."""
    frames = day(seed)
    rows = [row for frame in frames for row in frame.rows()]
    closes = {(row.symbol, row.made): row.price for row in rows}
    for frame in frames:
        told_here = msgspec.json.decode(frame.meta["closes"], type=dict[str, float])
        closes |= {(name, int(frame.meta["made"])): close for name, close in told_here.items()}
    random.Random(seed).shuffle(rows)

    live = {name: row for row in scores(Ledger(), *frames) for name in names([row])}

    due = [row for row in rows if row.due < 1440 or (row.symbol, row.due) in closes]
    assert set(live) == {(row.symbol, row.start, row.horizon, row.version) for row in due}
    for row in due:
        truth = np.asarray([closes.get((row.symbol, row.due), math.nan)])
        [offline] = score(Frame.of(Forecast, [row]), truth, np.asarray([0])).rows()
        found = live[row.symbol, row.start, row.horizon, row.version]
        assert str(msgspec.structs.replace(found, scored=0)) == str(offline)


def test_parts_of_one_time_are_one_time() -> None:
    ledger = Ledger()
    scores(ledger, told(60, forecast("A", 60, 100.0)), told(60, forecast("B", 60, 50.0)))

    found = scores(ledger, told(120, forecast("A", 120, 101.0)), told(120, forecast("B", 120, 51.0)))

    assert {(row.symbol, row.truth) for row in found} == {("A", 101.0), ("B", 51.0)}
    assert ledger.repeated == 0


@pytest.mark.parametrize(
    "frame", [told(60, forecast("A", 60, 1.0)), told(60, A=1.0), Frame.empty(Forecast, {"made": "1"})]
)
def test_forecasts_that_the_ledger_can_use_are_admitted(frame: Frame[Forecast]) -> None:
    assert check_forecasts(KEY.encode(), frame) == KEY


def saying(**meta: str) -> Frame[Forecast]:
    return Frame.of(Forecast, [forecast("A", 60, 1.0)], meta)


@pytest.mark.parametrize(
    ("key", "frame", "says"),
    [
        (None, told(60), "key: expected"),
        (b"\xff", told(60), "key: expected"),
        (KEY.encode(), saying(), "expected made and closes in meta"),
        (KEY.encode(), saying(made="now"), "expected made and closes in meta"),
        (KEY.encode(), saying(made=str(2**63)), "expected made and closes in meta"),
        (KEY.encode(), saying(made="60", closes="A"), "expected made and closes in meta"),
        (KEY.encode(), saying(made="60", closes='{"A":"x"}'), "expected made and closes in meta"),
        (KEY.encode(), told(60, forecast("A", 60, 1.0, quantiles=(1.0,))), "quantiles: expected 13, was 1"),
    ],
)
def test_forecasts_that_the_ledger_can_not_use_are_refused(
    key: bytes | None, frame: Frame[Forecast], says: str
) -> None:
    with pytest.raises(FrameError, match=says) as refused:
        check_forecasts(key, frame)

    assert refused.value.reason == "schema"
