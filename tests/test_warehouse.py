"""Bars out of a real MongoDB: every version, what was announced, nothing invented."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from causal_alpha.actions import Action, from_meta, to_meta
from causal_alpha.checks.forecaster import made_up
from causal_alpha.dataset import Dataset
from causal_alpha.errors import ModelError, ServiceError
from causal_alpha.frames import Frame, Labels
from causal_alpha.intervals import DAY
from causal_alpha.records import Bar
from causal_alpha.sinks.mongo import MongoSink, mongo_database
from causal_alpha.warehouse import read_bars

SPLIT = Action(symbol="S00", kind="split", date=120 * DAY, ts=120 * DAY + 9, value=2.0, known_at=120 * DAY)


@pytest.fixture(scope="module")
def panel() -> Frame[Bar]:
    """A day without a feed, a day without a trade, and announced: a split."""
    bars = made_up(symbols=3, sessions=200, odd=False)
    at = {name: bars.labels("symbol").equals(name) & (bars.ints("start") == 60 * DAY) for name in ("S01", "S02")}
    columns: dict[str, Any] = dict(bars.columns)
    for name in ("open", "high", "low", "close"):
        columns[name] = np.where(at["S01"], np.nan, columns[name])
        columns[name][at["S02"]] = columns["close"][np.roll(at["S02"], -3)]
    quality = np.where(at["S01"], 1, np.where(at["S02"], 2, 0))
    columns["quality"] = Labels(quality.astype(np.int32), ("ok", "no_data", "no_trade"))
    columns["volume"] = np.where(at["S01"] | at["S02"], 0.0, columns["volume"])
    columns["known_at"] = bars.ints("start") + DAY
    return Frame(Bar, columns, to_meta([SPLIT]))


@pytest.fixture(scope="module")
def revision(panel: Frame[Bar]) -> Frame[Bar]:
    """One bar of day 150, known on day 155 to have been wider, and on day 160 wider still."""
    bar = panel.take((panel.ints("start") == 150 * DAY) & panel.labels("symbol").equals("S02"), meta={})
    twice = Frame.concat([bar, bar])
    news = {
        "high": twice.floats("high") * np.array([1.2, 1.4]),
        "revision": np.array([1, 2]),
        "known_at": np.array([155 * DAY, 160 * DAY]),
        "state": Labels.constant("revised", 2),
    }
    return Frame(Bar, {**twice.columns, **news})


async def archived(mongo: str, database: str, frames: Sequence[Frame[Bar]]) -> None:
    opened = mongo_database(mongo, database)
    for frame in frames:
        await MongoSink(opened).write([frame])
    opened.client.close()


@pytest.mark.services
async def test_dataset_from_mongo_is_that_of_the_same_bars_to_the_bit(
    mongo: str, database: str, panel: Frame[Bar], revision: Frame[Bar]
) -> None:
    versions = [revision.take(np.array([row])) for row in range(2)]
    await archived(mongo, database, [panel, *versions, panel, *versions])

    found = read_bars(mongo, database, "1d")

    assert len(found) == len(panel) + 2
    assert from_meta(found.meta) == [SPLIT]
    expected = Dataset.from_bars(Frame.concat([panel, revision], to_meta([SPLIT])))
    was = Dataset.from_bars(found)
    assert was.hash == expected.hash
    for end in (154, 155, 160, 170):
        assert was.until(end * DAY).hash == expected.until(end * DAY).hash


@pytest.mark.services
async def test_bars_are_chosen_by_symbol_and_time(mongo: str, database: str, panel: Frame[Bar]) -> None:
    await archived(mongo, database, [panel])

    found = read_bars(mongo, database, "1d", symbols=["S02", "S00"], start=10 * DAY, end=12 * DAY)

    assert found.labels("symbol").tolist() == ["S00", "S00", "S02", "S02"]
    assert (found.ints("start") // DAY).tolist() == [10, 11, 10, 11]


@pytest.mark.services
async def test_announcement_without_rows_is_kept_and_said_again(mongo: str, database: str, panel: Frame[Bar]) -> None:
    await archived(mongo, database, [panel.take(np.arange(9), meta={}), Frame.empty(Bar, to_meta([SPLIT]))])

    assert from_meta(read_bars(mongo, database, "1d", symbols=["S00"]).meta) == [SPLIT]
    assert from_meta(read_bars(mongo, database, "1d", symbols=["S01"]).meta) == []


@pytest.mark.services
async def test_empty_database_is_said(mongo: str, database: str) -> None:
    with pytest.raises(ModelError, match=rf"expected some of 1m of any symbol in MongoDB's '{database}', was none"):
        read_bars(mongo, database, "1m")


@pytest.mark.services
async def test_document_that_is_no_bar_is_named(mongo: str, database: str) -> None:
    opened = mongo_database(mongo, database)
    await opened["bars"].insert_one({"_id": "mine", "symbol": "A", "interval": "1d", "start": 3})
    opened.client.close()

    with pytest.raises(ModelError, match="expected a Bar, was 'mine'"):
        read_bars(mongo, database, "1d")


def test_server_away_is_said_within_seconds_and_worth_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("causal_alpha.warehouse.PATIENCE", 300)
    with pytest.raises(ServiceError, match="expected MongoDB to give it, was ServerSelectionTimeoutError"):
        read_bars("mongodb://127.0.0.1:9/", "away", "1d")
    with pytest.raises(ModelError, match="expected MongoDB to give it, was InvalidURI"):
        read_bars("http://127.0.0.1", "away", "1d")


def test_day_without_feed_gets_no_price_and_a_split_no_return(panel: Frame[Bar]) -> None:
    data = Dataset.from_bars(panel)
    of = {name: data.symbol == data.symbols.index(name) for name in data.symbols}
    day = data.start // DAY

    assert np.isnan(data.variance[of["S01"] & (day == 60)]).all()
    assert np.isnan(data.returns[of["S01"] & ((day == 60) | (day == 61))]).all()
    assert data.variance[of["S02"] & (day == 60)].tolist() == [0.0]
    raw = Dataset.from_bars(Frame(Bar, panel.columns))
    split = of["S00"] & (day == 120)
    assert data.returns[split] - raw.returns[split] == pytest.approx(np.log(2))


def test_truth_until_a_time_is_what_was_known_then(panel: Frame[Bar], revision: Frame[Bar]) -> None:
    data = Dataset.from_bars(Frame.concat([panel, revision], panel.meta))
    row = (data.symbol == 2) & (data.start == 150 * DAY)

    def known(day: int) -> float:
        past = data.until(day * DAY)
        return float(past.variance[(past.symbol == 2) & (past.start == 150 * DAY)][0])

    first = Dataset.from_bars(panel).variance[row][0]
    assert known(151) == known(154) == first
    assert first < known(155) == known(159) < known(160) == data.variance[row][0]
    assert data.until(170 * DAY).until(156 * DAY).hash == data.until(156 * DAY).hash
