from datetime import UTC, datetime

import numpy as np
import pytest

from causal_alpha.checks import check_source
from causal_alpha.errors import SourceError
from causal_alpha.intervals import DAY
from causal_alpha.sources.indices import Indices


def ns(year, month, day):
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1_000_000_000


async def test_indices_keep_to_the_contract_of_sources():
    await check_source(Indices())


async def test_indices_are_twenty_years_of_two():
    [bars] = [frame async for frame in Indices().frames()]

    assert len(bars) == 2 * 5031
    first, *_, last = bars.rows()
    assert (first.symbol, first.start, first.close) == ("^GSPC", ns(1999, 1, 4), 1228.099976)
    assert (last.symbol, last.start, last.known_at) == ("^IXIC", ns(2018, 12, 31), ns(2019, 1, 1))
    assert (np.diff(bars.ints("start")) >= 0).all()


async def test_indices_between_two_dates_are_those_of_the_whole():
    [whole] = [frame async for frame in Indices().frames()]
    cut = ns(2010, 1, 1)

    [past] = [frame async for frame in Indices(end=cut).frames()]
    [rest] = [frame async for frame in Indices(start=cut).frames()]

    assert list(past.rows()) + list(rest.rows()) == list(whole.rows())
    assert past.ints("start").max() < cut <= rest.ints("start").min()


async def test_indices_history_is_by_symbol_then_time():
    bars = await Indices().history(["^IXIC", "^GSPC"], "1d", ns(2018, 12, 28), ns(2018, 12, 31) + DAY)

    assert [(row.symbol, row.start) for row in bars.rows()] == [
        (symbol, start) for symbol in ("^GSPC", "^IXIC") for start in (ns(2018, 12, 28), ns(2018, 12, 31))
    ]


@pytest.mark.parametrize(
    ("symbols", "interval", "message"),
    [
        (["^GSPC"], "1m", "arch: expected the interval 1d, was 1m"),
        (["ACME"], "1d", r"arch: expected some of \^GSPC, \^IXIC, was ACME"),
    ],
)
async def test_indices_refuse_what_they_have_not(symbols, interval, message):
    with pytest.raises(SourceError, match=message):
        await Indices().history(symbols, interval, 0, 2**62)


async def test_indices_say_which_file_is_none(tmp_path):
    (tmp_path / "sp500").mkdir()
    (tmp_path / "sp500" / "sp500.csv.gz").write_bytes(b"Date\nx")

    with pytest.raises(SourceError, match=r"sp500.csv.gz: expected daily bars, was "):
        await Indices(folder=tmp_path).history(["^GSPC"], "1d", 0, 2**62)
