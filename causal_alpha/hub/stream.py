"""The hub: takes frames from the stream and keeps what a page needs now.

Publishing costs a few microseconds a row and never waits. A row becomes JSON at most once, however many
clients there are, and a forming bar only when one of them needs it.
"""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import msgspec

from causal_alpha.errors import FrameError
from causal_alpha.frames import Frame
from causal_alpha.hub.board import Board
from causal_alpha.hub.clients import Client, Clients
from causal_alpha.hub.log import Log
from causal_alpha.hub.messages import (
    BAR_CLOSE,
    BAR_SOURCE,
    BAR_START,
    Event,
    bar_events,
    forecast_event,
    provenance,
    score_event,
)
from causal_alpha.hub.notes import Level, Notes
from causal_alpha.hub.recent import Recent
from causal_alpha.hub.stages import Stages
from causal_alpha.hub.watch import Watch
from causal_alpha.intervals import MILLISECOND, end_of
from causal_alpha.records import LEVELS, Bar, Features, Forecast, Reject, Score
from causal_alpha.series import number

PROTOCOL = 1
KEPT: Mapping[type[msgspec.Struct], int] = {Bar: 60, Features: 10, Forecast: 20, Score: 20}
"""Newest records of each symbol and interval: what the archive may be behind, a minute of 1 s bars, 80 kB."""
_LOGGED: Mapping[type[msgspec.Struct], Callable[[Any], Event]] = {Forecast: forecast_event, Score: score_event}
_HEALTH = ("health", "", "")


class Quote(NamedTuple):
    """The last price of a symbol; `ts` in ms, the newest event time that is known to be covered."""

    symbol: str
    ts: int
    last: float
    source: str


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
        self.clients = Clients(self.log, self.board, self._beat)
        self.notes = Notes(self.log, lambda: self.clock() // MILLISECOND)
        self.watch = Watch(self.notes, lambda: self.clock() // MILLISECOND)
        self.stages = Stages(self.clock)
        self.began = self.clock()
        self.rejects: Counter[str] = Counter()
        """Rejected rows by reason."""
        self.watermark: int | None = None
        """Event time in ns before which bars are final, the furthest partition's; None until a frame tells."""
        self._intervals, self._server, self.ui = intervals, server, ui
        self._quotes: dict[str, tuple[str, str, int, float, str]] = {}
        self._source = "foreign"
        self._lag: float | None = None
        self._closed: dict[Event, int] = {}

    # -- in ------------------------------------------------------------------------------------

    def publish(self, frame: Frame[Any]) -> None:
        """Take the rows of a frame: bars, features, forecasts, scores, rejects; others are left alone.

        `frame.meta` may say `ts` (newest event time inside), `watermark`, and `appended`, when Kafka got what bars
        were made of; all in ns. A word that is no number counts as not said.
        """
        watermark = _stamp(frame, "watermark")
        if watermark > (self.watermark or 0):
            self.watermark = watermark
        if frame.record is Bar:
            self._bars(frame)
            return self.clients.notify()
        self.stages.passed(frame)
        if frame.record in _LOGGED:
            event = _LOGGED[frame.record]
            for record in frame.rows():
                if self.recent.add(record):
                    self.log.append(record.symbol, record.interval, event(record))
        elif frame.record is Features:
            for features in frame.rows():
                self.recent.add(features)
        elif frame.record is Reject:
            self.rejects.update(frame.labels("reason").tolist())
            self.watch.rejects(frame)
        self.clients.notify()

    def announce_model(self, name: str, version: str, alias: str, state: str, text: str) -> None:
        """Tell every client that an alias of a model now means another version, or what became of it."""
        self.log.append("", "", ("model", name, version, alias, state, text))
        level: Level = "warn" if state == "refused" else "info"
        self.notes.add(f"model-{state}", level, f"{name} version {version}", text)
        self.clients.notify()

    def announce_news(self, news: deque[Any]) -> None:
        """Announce what hot-loading left in `news`, the oldest first, and empty it."""
        while news:
            one = news.popleft()
            self.announce_model(one.name, one.version, one.alias, one.state, one.text)

    def _bars(self, frame: Frame[Bar]) -> None:
        if not len(frame):
            return
        newest = _stamp(frame, "ts") // MILLISECOND
        forming = frame.labels("state").equals("forming")
        if not forming.all():
            self._finals(frame.take(~forming))
            frame = frame.take(forming)
        put, quote, closed = self.board.put, self._quote, self._closed
        for event in bar_events(frame):
            if event[BAR_START] <= closed.get(event[:3], -1):
                continue  # a restarted worker goes through bars again that we know as final
            put(event[:3], event)
            quote(event[1], newest or event[BAR_START], event[BAR_CLOSE], event[BAR_SOURCE])
        appended = _stamp(frame, "appended")
        if appended:
            self.stages.took("bars", (self.clock() - appended) / 1e6)
        if newest:
            self._lag = self.clock() / MILLISECOND - newest

    def _finals(self, frame: Frame[Bar]) -> None:
        self.stages.passed(frame)
        self.watch.bars(frame)
        for bar, event in zip(frame.rows(), bar_events(frame), strict=True):
            if not self.recent.add(bar):
                continue  # Kafka delivers at least once; the log says it once
            self.log.append(bar.symbol, bar.interval, event)
            key, start = event[:3], event[BAR_START]
            self._closed[key] = max(start, self._closed.get(key, start))
            forming = self.board.get(key)
            if forming and forming[BAR_START] <= start:
                self.board.drop(key)
            self._quote(bar.symbol, end_of(bar.interval, bar.start, bar.known_at) // MILLISECOND, bar.close, bar.source)

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

    @property
    def lag_ms(self) -> float | None:
        """How far the newest live bar was behind the clock; None for data that isn't live."""
        live = provenance(self._source)["kind"] in {"live", "delayed"}
        return self._lag if live else None

    def forming(self, symbol: str, interval: str) -> Event | None:
        """The forming bar as an event, if there is one."""
        return self.board.get(("bar", symbol, interval))

    def counts(self) -> dict[str, int]:
        """Numbers for health and metrics. All but `clients` only grow."""
        return {
            "clients": len(self.clients),
            "dropped": self.clients.dropped,
            "conflated": self.board.conflated,
            "rejects": self.rejects.total(),
            "seq": self.log.seq,
        }

    # -- sockets -------------------------------------------------------------------------------

    def connect(self, since: int | None, boot: str | None) -> AbstractContextManager[Client]:
        """A client for as long as its socket is open. It resumes if its log number can be gone on from."""
        if since is not None and boot == self.boot and self.log.holds(since):
            return self.clients.join(since, resumed=True)
        return self.clients.join(self.log.seq, resumed=False)

    def hello(self, client: Client) -> str:
        """The first message of a client."""
        facts = {
            "protocol": PROTOCOL,
            "boot": self.boot,
            "seq": self.log.seq if client.resumed else client.feed.after,
            "resumed": client.resumed,
            "server": self._server,
            "ui": self.ui,
            "intervals": self._intervals,
            "levels": LEVELS,
            "symbols": sorted(self._quotes),
        }
        return msgspec.json.encode(("hello", facts)).decode()

    def _beat(self) -> None:
        about = provenance(self._source)
        facts = {
            "ts": self.clock() // MILLISECOND,
            "lag_ms": self.lag_ms,
            "watermark": None if self.watermark is None else self.watermark // MILLISECOND,
            "provenance": about,
            **self.counts(),
        }
        self.board.put(_HEALTH, ("health", facts))
        self.clients.notify()


def _stamp(frame: Frame[Any], word: str) -> int:
    try:
        return number(frame.meta, word, 0)
    except FrameError:
        return 0
