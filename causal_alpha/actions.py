"""Corporate actions, splits and dividends, and what was known of them when.

A first word on an action may be wrong: a split factor said during the day is provisional. A later word with the same
symbol, kind and date replaces it from its own `known_at` on; with the neutral value (split 1, dividend 0) it takes
the action back. So a view of the past stays what it was, whatever is said later.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from causal_alpha.errors import FrameError
from causal_alpha.intervals import NEVER

Kind = Literal["split", "dividend"]
NEUTRAL: Mapping[str, float] = {"split": 1.0, "dividend": 0.0}
"""The values that change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One word about a split or dividend. Times are ns UTC. Raises FrameError for a value or time that is none.

    `date` is the ex-date as daily bars are stamped, midnight UTC of the exchange's own date; `ts` is the time
    from which intraday prices are without it. `value`: the shares after a split for one before, or the cash for
    one share as it is after a split of the same date. `known_at`: when this word could be known.
    """

    symbol: str
    kind: Kind
    date: int
    ts: int
    value: float
    known_at: int

    def __post_init__(self) -> None:
        least = {"split": math.ulp(0.0), "dividend": 0.0}.get(self.kind, math.inf)
        if not least <= self.value < math.inf:
            raise FrameError(
                f"action: expected a split > 0 or a dividend >= 0, was {self.kind} {self.value}", reason="schema"
            )
        if not all(NEVER < time < -NEVER for time in (self.date, self.ts, self.known_at)):  # JSON knows any
            raise FrameError("action: expected times in ns, was one of more than 62 bits", reason="schema")

    @property
    def key(self) -> tuple[str, str, int]:
        """What words on the same action have in common."""
        return self.symbol, self.kind, self.date


def effective(actions: Iterable[Action], as_of: int) -> tuple[Action, ...]:
    """The newest word on each action that was known, and whose ex-date had come, by `as_of`; in order of dates."""
    known = sorted((action for action in actions if action.known_at <= as_of), key=lambda action: action.known_at)
    newest = {action.key: action for action in known}
    return tuple(sorted((one for one in newest.values() if one.ts <= as_of), key=lambda one: (one.date, one.key)))


def reconcile(
    held: Iterable[Action], said: Iterable[Action], now: int, *, start: int = 0, end: int = 2**62
) -> tuple[Action, ...]:
    """What is new at `now` (ns) when a feed, asked about ex-dates in `[start, end)`, `said` this and we `held` that.

    What it says first, or otherwise than before, becomes known now; what it no longer says is taken back.
    """
    old = {action.key: action for action in effective(held, 2**62)}
    new = {action.key: action for action in said if start <= action.date < end}
    gone = [one for key, one in old.items() if key not in new and start <= one.date < end]
    changed = [
        one for key, one in new.items() if key not in old or (old[key].value, old[key].ts) != (one.value, one.ts)
    ]
    taken_back = [replace(one, value=NEUTRAL[one.kind]) for one in gone if one.value != NEUTRAL[one.kind]]
    return tuple(replace(one, known_at=now) for one in (*changed, *taken_back))


def by_symbol(actions: Iterable[Action]) -> dict[str, list[Action]]:
    """Each symbol's words, in the order in which they became known."""
    found: dict[str, list[Action]] = {}
    for action in sorted(actions, key=lambda action: action.known_at):
        found.setdefault(action.symbol, []).append(action)
    return found


def to_meta(actions: Iterable[Action]) -> dict[str, str]:
    """Actions as the `meta` of a bars frame without rows, keyed `universe|*`: how a source tells them to windows."""
    return {"actions": msgspec.json.encode(list(actions)).decode()}


def from_meta(meta: Mapping[str, str]) -> list[Action]:
    """The inverse of `to_meta`. Raises FrameError for nonsense.

    >>> split = Action(symbol="A", kind="split", date=0, ts=9, value=4.0, known_at=9)
    >>> from_meta(to_meta([split])) == [split]
    True
    """
    try:
        return msgspec.json.decode(meta.get("actions", "[]"), type=list[Action])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise FrameError(f"actions: {error}", reason="schema") from error
