"""Requests for quotes or history → frames."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from causal_alpha.errors import SettingsError, SourceError
from causal_alpha.frames import Frame
from causal_alpha.intervals import interval_ns
from causal_alpha.records import Request, Tick
from causal_alpha.sources.base import Batch, History
from causal_alpha.sources.corporate import Announcer, announcement
from causal_alpha.sources.market import EPOCH
from causal_alpha.sources.simulator import Simulator
from causal_alpha.sources.yahoo_rest import YahooRest


@runtime_checkable
class Quotes(Protocol):
    """A feed that can be asked for the newest prices."""

    name: str

    async def quotes(self, symbols: Sequence[str]) -> Frame[Tick]:
        """The last trade of each symbol that has one. Raises SourceError when the feed can't deliver now."""
        ...


Feed: TypeAlias = History | Quotes


def known_feeds() -> Mapping[str, Feed]:
    """The feeds that requests can name: `yahoo` and `simulator`."""
    return {"yahoo": YahooRest(), "simulator": Simulator(start=EPOCH)}


async def fulfil(request: Request, feeds: Mapping[str, Feed] | None = None) -> AsyncIterator[Batch]:
    """The frames that answer a request: history a symbol at a time, its splits and dividends first, or quotes.

    `end` 0 stands for now. Raises SourceError for a request that no feed can answer, or when the
    feed can't deliver now; what was yielded before stays valid.
    """
    feeds = known_feeds() if feeds is None else feeds
    feed = feeds.get(request.source)
    if feed is None:
        raise SourceError(f"source: expected one of {', '.join(sorted(feeds))}, was {request.source!r}")
    if not request.symbols:
        raise SourceError("symbols: expected at least one, was none")
    if request.kind == "quotes" and isinstance(feed, Quotes):
        yield await feed.quotes(request.symbols)
    elif request.kind == "history" and isinstance(feed, History):
        end = request.end or time.time_ns()
        try:
            interval_ns(request.interval)
        except SettingsError as error:
            raise SourceError(str(error)) from error
        if not request.start < end:
            raise SourceError(f"start, end: expected start < end, was {request.start}, {end}")
        for symbol in dict.fromkeys(request.symbols):
            if isinstance(feed, Announcer) and (actions := await feed.actions(symbol, request.start, end)):
                yield announcement(actions)
            yield await feed.history([symbol], request.interval, request.start, end)
    else:
        raise SourceError(f"kind: expected one that {request.source} has, was {request.kind!r}")
