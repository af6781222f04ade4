import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.errors import SourceError
from causal_alpha.frames import Frame
from causal_alpha.intervals import DAY, SECOND
from causal_alpha.records import Tick
from causal_alpha.sources.market import BLOCK, EPOCH, HOUR, Market, pattern

NAMES = ("SIM:ALFA", "SIM:BRAVO", "SIM:CHARLIE")
FIRST = EPOCH // BLOCK


def market(seed: int = 7, rate: float = 20.0) -> Market:
    return Market(seed, NAMES, rate)


def same(one: Frame[Tick], other: Frame[Tick]) -> bool:
    return one.encode() == other.encode()


@settings(deadline=None, max_examples=30)
@given(places=st.lists(st.integers(0, 3_000_000), min_size=1, max_size=4))
def test_market_makes_the_same_block_in_whatever_order_it_is_asked(places: list[int]) -> None:
    fresh = {place: market().block(FIRST + place) for place in set(places)}
    asked = market()
    assert all(same(asked.block(FIRST + place), fresh[place]) for place in places)


def test_market_differs_by_seed() -> None:
    assert not same(market(1).block(FIRST), market(2).block(FIRST))


def test_market_blocks_are_usable_ticks() -> None:
    block = market(rate=500.0).block(FIRST + 12_345)
    start = EPOCH + 12_345 * BLOCK
    ts, price, bid, ask = (block.columns[name] for name in ("ts", "price", "bid", "ask"))
    assert ((ts >= start) & (ts < start + BLOCK)).all()
    assert (np.diff(ts) >= 0).all()
    assert ((price == bid) | (price == ask)).all()
    assert (bid < ask).all()
    assert (block.floats("size") >= 1).all()
    assert np.array_equal(np.round(price, 2), price)
    for code in range(3):
        ids = block.ints("id")[block.labels("symbol").codes == code]
        assert (np.diff(ids) == 1).all()
        assert ids[0] == start // 1000


def test_market_ids_rise_from_block_to_block() -> None:
    blocks = [market(rate=5_000.0).block(FIRST + i) for i in range(2)]
    assert blocks[0].ints("id").max() < blocks[1].ints("id").min()


@pytest.mark.parametrize("hour", [0, 998, 999, 1_000, 20_000])
def test_market_paths_go_on_from_hour_to_hour(hour: int) -> None:
    ours = market()
    left, _ = ours.path(EPOCH // HOUR + hour)
    right, _ = ours.path(EPOCH // HOUR + hour + 1)
    assert left.shape == (3, 3601)
    np.testing.assert_allclose(left[:, -1], right[:, 0], atol=1e-12)


def test_market_moves_like_one() -> None:
    ours = market()
    seconds = np.concatenate([ours.path(EPOCH // HOUR + hour)[0][:, :-1] for hour in range(24 * 40)], axis=1)
    minutes = np.diff(seconds[:, ::60], axis=1)
    yearly = minutes.std(axis=1) * np.sqrt(60 * 24 * 365)
    assert ((yearly > 0.25) & (yearly < 0.9)).all()
    kurtosis = ((minutes / minutes.std(axis=1, keepdims=True)) ** 4).mean(axis=1)
    assert (kurtosis > 4).all()  # fat tails
    size = np.abs(minutes[0])
    assert np.corrcoef(size[:-10], size[10:])[0, 1] > 0.05  # volatility comes in clusters
    assert abs(np.corrcoef(minutes[0][:-1], minutes[0][1:])[0, 1]) < 0.02  # returns do not
    assert 0.2 < np.corrcoef(minutes)[0, 1] < 0.6
    assert (np.abs(np.diff(seconds, axis=1)).max(axis=1) > 0.005).all()  # jumps
    by_hour = np.square(minutes[0][: 24 * 60 * 39].reshape(39, 24, 60)).mean(axis=(0, 2))
    assert by_hour[[0, 1, 22, 23]].mean() > 1.5 * by_hour[10:14].mean()  # the U of a day


def test_market_trades_at_the_rate_over_a_day() -> None:
    ours = market(rate=2.0)
    n = sum(len(ours.block(FIRST + i)) for i in range(DAY // BLOCK))
    assert n == pytest.approx(2.0 * DAY / SECOND, rel=0.02)


def test_pattern_averages_to_one() -> None:
    assert pattern(np.arange(0, DAY, SECOND)).mean() == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(
    "arguments", [(-1, ("A",), 1.0), (1, (), 1.0), (1, ("A", "A"), 1.0), (1, ("A",), 0.0), (1, ("A",), float("nan"))]
)
def test_market_refuses_what_makes_none(arguments: tuple[int, tuple[str, ...], float]) -> None:
    with pytest.raises(SourceError, match="simulator: expected a seed >= 0, distinct symbols"):
        Market(*arguments)


def test_market_begins_in_2024() -> None:
    with pytest.raises(SourceError, match="expected a time from"):
        market().block(FIRST - 1)
