"""The hub: takes frames from the stream, keeps what a page needs now, and wakes the sockets.

Publishing costs about a microsecond a row and never waits. A row becomes JSON at most once, when the
first client needs it, however many clients there are.
"""

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec

from causal_alpha.frames import Frame
from causal_alpha.hub.board import Board
from causal_alpha.hub.feed import Feed, Memo
from causal_alpha.hub.log import Log
from causal_alpha.hub.messages import (
    BAR_CLOSE,
    BAR_SOURCE,
    BAR_START,
    Event,
    bar_events,
    forecast_event,
    provenance,
)
from causal_alpha.hub.recent import Recent
from causal_alpha.intervals import MILLISECOND, interval_ns
from causal_alpha.records import LEVELS, Bar, Features, Forecast, Reject

PROTOCOL = 1
KEPT = 300
"""Newest records of each symbol, interval and kind: five minutes of 1 s bars while the archive is behind."""
FASTEST, SLOWEST = 0.010, 0.100
"""Seconds between two flushes, idle and under load."""
LOAD = 4.0
"""A flush waits this many times what the last round of sending took: sockets get a quarter of the loop."""
HEALTH_EVERY = 2.0
_HEALTH = ("health", "", "")


class Quote(NamedTuple):
    """The last price of a symbol; `ts` in ms, the newest event time that is known to be covered."""

    symbol: str
    ts: int
    last: float
    source: str


class Client:
    """A connected socket: its feed, and how the hub wakes it or tells it to go."""

    def __init__(self, feed: Feed, resumed: bool) -> None:
        self.feed = feed
        self.resumed = resumed
        self.wake = asyncio.Event()
        self.cut = asyncio.Event()


class Hub:
    """Everything that sockets and the API serve from memory.

    `boot` names this run; log numbers mean something only together with it. `replay_buffer` is how many
    log events a client may be behind, connected or away, before it must start over. `clock` gives ns
    since 1970; only `health` shows it.
    """

    def __init__(
        self,
        boot: str,
        replay_buffer: int = 20_000,
        *,
        intervals: tuple[str, ...] = (),
        server: str = "",
        ui: str = "",
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.boot = boot
        self.clock = clock
        self.log = Log(replay_buffer)
        self.board = Board()
        self.recent = Recent(KEPT)
        self.dropped = 0
        """Clients that were cut because they were too slow."""
        self.rejects = 0
        self.watermark: int | None = None
        """Event time in ns before which bars are final, the furthest partition's; None until a frame tells."""
        self._intervals, self._server, self._ui = intervals, server, ui
        self._quotes: dict[str, tuple[str, str, int, float, str]] = {}
        self._source = "foreign"
        self._lag: float | None = None
        self._clients: set[Client] = set()
        self._memo: Memo = {}
        self._dirty = asyncio.Event()
        self._flusher: asyncio.Task[None] | None = None

    # -- in ------------------------------------------------------------------------------------

    def publish(self, frame: Frame[Any]) -> None:
        """Take the rows of a frame: bars, features, forecasts, rejects; others are left alone.

        `frame.meta` may say `ts` (newest event time inside, ns) and `watermark` (ns).
        """
        watermark = int(frame.meta.get("watermark", 0))
        if watermark > (self.watermark or 0):
            self.watermark = watermark
        if frame.record is Bar:
            self._bars(frame)
        elif frame.record is Forecast:
            for forecast in frame.rows():
                if self.recent.add(forecast):
                    self.log.append(forecast.symbol, forecast.interval, forecast_event(forecast))
        elif frame.record is Features:
            for features in frame.rows():
                self.recent.add(features)
        elif frame.record is Reject:
            self.rejects += len(frame)
        self._dirty.set()

    def announce_model(self, family: str, version: str, alias: str, text: str) -> None:
        """Tell every client that an alias of a model family now means another version."""
        self.log.append("", "", ("model", family, version, alias, text))
        self._dirty.set()

    def _bars(self, frame: Frame[Bar]) -> None:
        if not len(frame):
            return
        newest = int(frame.meta.get("ts", 0)) // MILLISECOND
        forming = frame.labels("state").equals("forming")
        if not forming.all():
            self._finals(frame.take(~forming))
            frame = frame.take(forming)
        put, quote = self.board.put, self._quote
        for event in bar_events(frame):
            put(event[:3], event)
            quote(event[1], newest or event[BAR_START], event[BAR_CLOSE], event[BAR_SOURCE])
        if newest:
            self._lag = self.clock() / MILLISECOND - newest

    def _finals(self, frame: Frame[Bar]) -> None:
        for bar, event in zip(frame.rows(), bar_events(frame), strict=True):
            if not self.recent.add(bar):
                continue  # Kafka delivers at least once; the log says it once
            self.log.append(bar.symbol, bar.interval, event)
            forming = self.board.get(event[:3])
            if forming and forming[BAR_START] <= event[BAR_START]:
                self.board.drop(event[:3])
            self._quote(bar.symbol, event[BAR_START] + interval_ns(bar.interval) // MILLISECOND, bar.close, bar.source)

    def _quote(self, symbol: str, ts: int, last: float, source: str) -> None:
        known = self._quotes.get(symbol)
        if math.isnan(last) or (known and (ts < known[2] or (ts == known[2] and last == known[3]))):
            return  # a bar without data has no price; an older or the same one is no news
        self._quotes[symbol] = quote = ("quote", symbol, ts, last, source)
        self._source = source
        self.board.put(("quote", symbol, ""), quote)

    # -- out -----------------------------------------------------------------------------------

    def last(self, symbol: str) -> Quote | None:
        """The newest price of a symbol since this hub started."""
        known = self._quotes.get(symbol)
        return Quote(*known[1:]) if known else None

    def quotes(self) -> list[Quote]:
        """The newest price of every symbol, by symbol."""
        return sorted(Quote(*known[1:]) for known in self._quotes.values())

    def forming(self, symbol: str, interval: str) -> Event | None:
        """The forming bar as an event, if there is one."""
        return self.board.get(("bar", symbol, interval))

    def counts(self) -> dict[str, int]:
        """Numbers for health and metrics. All but `clients` only grow."""
        return {
            "clients": len(self._clients),
            "dropped": self.dropped,
            "conflated": self.board.conflated,
            "rejects": self.rejects,
            "seq": self.log.seq,
        }

    # -- sockets -------------------------------------------------------------------------------

    @contextmanager
    def connect(self, since: int | None, boot: str | None) -> Iterator[Client]:
        """A client for as long as its socket is open. It resumes if its log number can be gone on from."""
        resumed = since is not None and boot == self.boot and self.log.holds(since)
        client = Client(Feed(self.log, self.board, since if resumed and since is not None else self.log.seq), resumed)
        self._clients.add(client)
        self.board.watched = True
        self._beat()
        if self._flusher is None:
            self.board.flush()
            self._flusher = asyncio.create_task(self._flush_forever(), name="hub-flusher")
        try:
            yield client
        finally:
            self._clients.discard(client)
            if not self._clients and self._flusher is not None:
                self._flusher.cancel()
                self._flusher = None
                self.board.watched = False

    def hello(self, client: Client) -> str:
        facts = {
            "protocol": PROTOCOL,
            "boot": self.boot,
            "seq": self.log.seq if client.resumed else client.feed.after,
            "resumed": client.resumed,
            "server": self._server,
            "ui": self._ui,
            "intervals": self._intervals,
            "levels": LEVELS,
            "symbols": sorted(self._quotes),
        }
        return msgspec.json.encode(("hello", facts)).decode()

    def take(self, client: Client) -> list[str]:
        """What a client hasn't got yet, as messages; nothing, and it must go, when the log has moved on."""
        if not self.log.holds(client.feed.after):
            client.cut.set()
            return []
        return client.feed.take(self._memo)

    async def _flush_forever(self) -> None:
        """Wake the clients at once when something is new, then rest, the longer the busier the loop is."""
        clock = asyncio.get_running_loop().time
        beat = clock()
        while True:
            if clock() - beat >= HEALTH_EVERY:
                beat = clock()
                self._beat()
            try:
                await asyncio.wait_for(self._dirty.wait(), beat + HEALTH_EVERY - clock())
            except TimeoutError:
                continue
            began = time.thread_time()  # work, not waiting: another process's load is no reason to rest
            self._flush()
            await asyncio.sleep(0)  # every client that isn't stuck sends now
            await asyncio.sleep(min(SLOWEST, max(FASTEST, LOAD * (time.thread_time() - began))))

    def _flush(self) -> None:
        self._dirty.clear()
        self._memo.clear()
        self.board.flush()
        for client in self._clients:
            if not self.log.holds(client.feed.after):
                client.cut.set()
            client.wake.set()

    def _beat(self) -> None:
        about = provenance(self._source)
        live = about["kind"] in {"live", "delayed"} and self._lag is not None
        facts = {
            "ts": self.clock() // MILLISECOND,
            "lag_ms": self._lag if live else None,
            "watermark": None if self.watermark is None else self.watermark // MILLISECOND,
            "provenance": about,
            **self.counts(),
        }
        self.board.put(_HEALTH, ("health", facts))
        self._dirty.set()
