from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources.clock import NOON
from tests.sources.yahoo_server import YahooServer, chart, serving


@pytest.fixture
def yahoo(tmp_path: Path) -> Iterator[YahooServer]:
    """Answers 100 dollars for every symbol until a test says otherwise."""
    import yfinance as yf
    from yfinance.data import SingletonMeta

    yf.set_tz_cache_location(str(tmp_path))
    SingletonMeta._instances.clear()  # cookie and crumb of the test before
    with serving(lambda symbol, query: (200, chart(symbol, time=NOON, price=100.0, volume=1_000))) as server:
        yield server
    SingletonMeta._instances.clear()
