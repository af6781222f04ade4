"""What is remembered of a partition's ticks: bars that may still change, ids, feeds, counts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self, TypeAlias

from causal_alpha.activity import ActivityBook
from causal_alpha.book import Book, Parts
from causal_alpha.ids import SeenIds
from causal_alpha.intervals import NEVER, SECOND, activity, interval_ns
from causal_alpha.liveness import Feeds
from causal_alpha.roster import Always, Hours, Roster

HoursOf: TypeAlias = Callable[[str], Hours]
"""The trading hours of a symbol; the same object for all symbols that share them."""

_ALWAYS = Always()


@dataclass(frozen=True)
class Rules:
    """What bars are made by; durations in ns. Made by `Rules.of`."""

    intervals: tuple[str, ...]
    activities: tuple[str, ...]
    lateness: int
    correction: int
    feed_timeout: int
    quiet_bars: int

    @classmethod
    def of(
        cls,
        intervals: Sequence[str],
        *,
        lateness: float = 1.0,
        correction: float = 5.0,
        feed_timeout: float = 5.0,
        quiet_bars: int = 600,
    ) -> Self:
        """Durations in seconds; `intervals` the finest first, the others multiples of it, or by activity.

        `lateness`: how far a tick may lag behind the newest one and still be in time. `correction`: how
        long after its end a bar can be revised. `feed_timeout`: the silence after which a source counts
        as away. `quiet_bars`: without a trade in so many bars a symbol is no longer expected.
        """
        return cls(
            intervals=tuple(name for name in intervals if not activity(name)),
            activities=tuple(name for name in intervals if activity(name)),
            lateness=round(lateness * SECOND),
            correction=round(correction * SECOND),
            feed_timeout=round(feed_timeout * SECOND),
            quiet_bars=quiet_bars,
        )


@dataclass
class Counts:
    """Rows of a partition since its log began."""

    rows: int = 0
    in_bars: int = 0
    late: int = 0
    duplicates: int = 0
    rejected: int = 0

    def balanced(self) -> bool:
        """The conservation law: nothing vanishes."""
        return self.rows == self.in_bars + self.late + self.duplicates + self.rejected


@dataclass
class BarState:
    """The state of one partition, made by `BarState.new`.

    `newest` is the newest event time, `watermark` the time before which all bars are final, in ns.
    `members` are the codes of the symbols that share their hours, by the identity of these.
    """

    rules: Rules
    hours: HoursOf
    books: dict[str, Book]
    rosters: dict[str, Roster]
    feeds: Feeds
    activity: dict[str, ActivityBook]
    symbols: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    members: dict[int, tuple[Hours, list[int]]] = field(default_factory=dict)
    seen: SeenIds = field(default_factory=SeenIds)
    watermark: int = NEVER
    newest: int = NEVER
    counts: Counts = field(default_factory=Counts)

    @classmethod
    def new(cls, rules: Rules, hours: HoursOf = lambda _: _ALWAYS) -> Self:
        return cls(
            rules,
            hours,
            books={name: Book(interval_ns(name)) for name in rules.intervals},
            rosters={name: Roster(rules.quiet_bars) for name in rules.intervals},
            feeds=Feeds(_silence(rules)),
            activity={name: ActivityBook(rule) for name in rules.activities if (rule := activity(name))},
        )

    @property
    def finest(self) -> Book:
        return self.books[self.rules.intervals[0]]

    @property
    def longest(self) -> int:
        """Length of the longest bars, ns."""
        return max(book.length for book in self.books.values())

    def symbol(self, name: str) -> int:
        """The code of a symbol; a new one joins those that share its hours."""
        code = self.symbols.get(name)
        if code is None:
            code = self.symbols[name] = len(self.symbols)
            self._join(name, code)
        return code

    def source(self, name: str) -> int:
        """The code of a source."""
        return self.sources.setdefault(name, len(self.sources))

    def _join(self, name: str, code: int) -> None:
        hours = self.hours(name)
        self.members.setdefault(id(hours), (hours, []))[1].append(code)

    def dump(self) -> dict[str, Any]:
        """The state as plain data and arrays, for a snapshot."""
        keys, ids = self.seen.rows()
        return {
            "books": {name: _dump_book(book) for name, book in self.books.items()},
            "rosters": {name: roster.dump() for name, roster in self.rosters.items()},
            "feeds": self.feeds.dump(),
            "activity": {name: book.dump() for name, book in self.activity.items()},
            "symbols": list(self.symbols),
            "sources": list(self.sources),
            "keys": keys,
            "ids": ids,
            "watermark": self.watermark,
            "newest": self.newest,
            "counts": asdict(self.counts),
        }

    @classmethod
    def load(cls, tree: Mapping[str, Any], rules: Rules, hours: HoursOf = lambda _: _ALWAYS) -> Self:
        """The inverse of `dump`. Rules and hours may have changed: an interval that is new begins empty."""
        state = cls.new(rules, hours)
        for name in state.books.keys() & tree["books"].keys():
            state.books[name] = _load_book(tree["books"][name])
            state.rosters[name] = Roster(rules.quiet_bars, *tree["rosters"][name])
        for name in state.activity.keys() & tree["activity"].keys():
            state.activity[name] = ActivityBook.load(state.activity[name].rule, tree["activity"][name])
        state.feeds = Feeds.load(_silence(rules), tree["feeds"])
        for name in tree["symbols"]:
            state.symbol(name)
        for name in tree["sources"]:
            state.source(name)
        state.seen = SeenIds.of_rows(tree["keys"], tree["ids"])
        state.watermark, state.newest = tree["watermark"], tree["newest"]
        state.counts = Counts(**tree["counts"])
        return state


def _silence(rules: Rules) -> int:
    return max(1, rules.feed_timeout // interval_ns(rules.intervals[0]))


def _dump_book(book: Book) -> dict[str, Any]:
    parts = {"open": book.open, "closed": book.closed}
    columns = {name: [part.key, part.ints, part.floats] for name, part in parts.items()}
    return {"length": book.length, "closed_to": book.closed_to, **columns}


def _load_book(tree: Mapping[str, Any]) -> Book:
    return Book(tree["length"], tree["closed_to"], Parts(*tree["open"]), Parts(*tree["closed"]))
