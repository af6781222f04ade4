"""Bars the slow way: one row of the log after the other, lists of trades, no batches and no arrays."""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from causal_alpha.bars import Beat, Gap, Rules
from causal_alpha.intervals import NEVER, interval_ns
from causal_alpha.records import NO_ID, Bar, Tick
from causal_alpha.roster import Hours

Row = Tick | Beat | Gap
Key = tuple[str, str, int]
"""Interval, symbol, start."""
QUOTE = ("bid", "ask", "bid_size", "ask_size")


class Oracle:
    """`final` and `revised` hold what became of each bar; `late` and `duplicates` count rows."""

    def __init__(self, rules: Rules, hours: dict[str, Hours]) -> None:
        self.rules, self.hours = rules, hours
        self.lengths = {name: interval_ns(name) for name in rules.intervals}
        self.width = self.lengths[rules.intervals[0]]
        self.silence = max(1, rules.feed_timeout // self.width) * self.width
        self.watermark = self.closed_to = NEVER
        self.trades: dict[Key, list[Tick]] = defaultdict(list)
        self.traded: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.too_late: dict[Key, int] = defaultdict(int)
        self.final: dict[Key, Bar] = {}
        self.revised: dict[tuple[Key, int], Bar] = {}
        self.doubted: set[Key] = set()
        """Bars without a trade until some came late of which one is of a feed that was away."""
        self.late = self.duplicates = self.in_bars = 0
        self.seen: set[tuple[str, int, int]] = set()
        self.spoke: set[tuple[str, int]] = set()
        self.gaps: list[Gap] = []
        self.last: dict[tuple[str, str], tuple[int, Bar | None]] = {}

    def read(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if isinstance(row, Tick):
                self._tick(row)
                self._advance(row.ts - self.rules.lateness)
            elif isinstance(row, Beat):
                self._advance(row.ts)
                if row.source and row.ts // self.width * self.width + self.width > self.watermark:
                    self.spoke.add((row.source, row.ts // self.width * self.width))
            else:
                self.gaps.append(row._replace(start=max(row.start, self.watermark)))

    def _tick(self, row: Tick) -> None:
        slot = row.ts - row.ts % self.width
        if slot + self.width + self.rules.correction <= self.watermark:
            self.late += 1
            return
        if row.id != NO_ID and (row.symbol, slot, row.id) in self.seen:
            self.duplicates += 1
            return
        self.seen.add((row.symbol, slot, row.id))
        self.in_bars += 1
        for interval, length in self.lengths.items():
            key = (interval, row.symbol, row.ts - row.ts % length)
            self.trades[key].append(row)
            self.traded[interval, key[2]].add(row.symbol)
            if key[2] + length <= self.watermark:
                self.too_late[key] += 1
                known = (self.watermark // length + 1) * length
                before = self.final.get(key)
                if before is not None and before.trades:
                    quality = before.quality
                else:
                    if not self._alive(row.source, key) or self._missed(key):
                        self.doubted.add(key)
                    quality = "partial" if key in self.doubted else "ok"
                facts = {"state": "revised", "revision": self.too_late[key], "quality": quality, "known_at": known}
                self.revised[key, known] = self._bar(key, **facts)

    def _advance(self, watermark: int) -> None:
        self.watermark = max(self.watermark, watermark)
        edge = self.watermark // self.width * self.width
        if self.closed_to == NEVER:
            starts = [start for _, _, start in self.trades]
            self.closed_to = min([*starts, edge]) // self.width * self.width - self.width
        for end in range(self.closed_to + self.width, edge + 1, self.width):
            for interval, length in self.lengths.items():
                if end % length == 0:
                    self._close(interval, end - length, length)
        self.closed_to = max(edge, self.closed_to)

    def _close(self, interval: str, start: int, length: int) -> None:
        names = self.traded.get((interval, start), set())
        if interval == self.rules.intervals[0]:
            for symbol in names:
                newest = sorted(self.trades[interval, symbol, start], key=lambda row: (row.ts, row.id))[-1]
                self.spoke.add((newest.source, start))
        for symbol in names | {symbol for i, symbol in self.last if i == interval}:
            key = (interval, symbol, start)
            quiet, last = self.last.get((interval, symbol), (self.rules.quiet_bars, None))
            if symbol in names:
                bar = self._bar(key, state="final", revision=0, known_at=start + length)
                holes = (
                    quiet >= self.rules.quiet_bars or self._missed(key) or not self._alive(bar.source, key, joined=True)
                )
                self.final[key] = self._bar(
                    key, state="final", revision=0, known_at=start + length, quality="partial" if holes else "ok"
                )
                self.last[interval, symbol] = (0, bar)
            elif len(self.hours[symbol].bar_starts(start, start + length, length)):
                self.last[interval, symbol] = (quiet + 1, last)
                if quiet < self.rules.quiet_bars and last is not None:
                    here = self._alive(last.source, key) and not self._missed(key)
                    price = last.close if here else math.nan
                    quote = {name: getattr(last, name) if here else math.nan for name in QUOTE}
                    self.final[key] = Bar(
                        **{"symbol": symbol, "interval": interval, "start": start, "known_at": start + length},
                        **dict.fromkeys(("open", "high", "low", "close", "vwap"), price),
                        **{"volume": 0.0, "trades": 0, "quality": "no_trade" if here else "no_data"},
                        **{"source": last.source, **quote, "buy_volume": math.nan if math.isnan(quote["bid"]) else 0.0},
                    )

    def _alive(self, source: str, key: Key, *, joined: bool = False) -> bool:
        start, end = key[2], key[2] + self.lengths[key[0]]
        if joined:  # from when on the market was open
            start = next(iter(self.hours[key[1]].bar_starts(start, end, self.width)), start)
            slots = range(start - self.silence, min(start + self.silence, end), self.width)
        else:
            slots = range(min(start, end - self.width - self.silence), end, self.width)
        return any((source, slot) in self.spoke for slot in slots)

    def _missed(self, key: Key) -> bool:
        start, end = key[2], key[2] + self.lengths[key[0]]
        for gap in self.gaps:
            first, last = gap.start // self.width * self.width, -(-gap.end // self.width) * self.width
            if gap.start < gap.end and key[1] in gap.symbols and first < end and last > start:
                return True
        return False

    def _bar(self, key: Key, **facts: Any) -> Bar:
        interval, symbol, start = key
        rows = sorted(self.trades[key], key=lambda row: (row.ts, row.id))
        volume, turnover = math.fsum(row.size for row in rows), math.fsum(row.price * row.size for row in rows)
        bought = math.fsum(row.size * _side(row) for row in rows)
        last = rows[-1]
        return Bar(
            symbol=symbol,
            interval=interval,
            start=start,
            open=rows[0].price,
            high=max(row.price for row in rows),
            low=min(row.price for row in rows),
            close=last.price,
            volume=volume,
            vwap=turnover / volume if volume else last.price,
            trades=len(rows),
            source=last.source,
            bid=last.bid,
            ask=last.ask,
            bid_size=last.bid_size,
            ask_size=last.ask_size,
            buy_volume=math.nan if math.isnan(last.bid) else bought,
            **facts,
        )


def _side(row: Tick) -> float:
    middle = (row.bid + row.ask) / 2
    return 1.0 if row.price > middle else 0.0 if row.price < middle else 0.5
