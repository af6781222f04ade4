"""A made-up panel with all that may be told too early, revisions, splits and a hole, and how to spoil what comes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from causal_alpha.actions import Action, from_meta, to_meta
from causal_alpha.checks.forecaster import made_up
from causal_alpha.frames import Column, Frame, Ints, Labels
from causal_alpha.intervals import DAY
from causal_alpha.records import Bar

PRICES = ("open", "high", "low", "close")


def panel(sessions: int, *, symbols: int = 4, hole: int, seed: int = 11) -> Frame[Bar]:
    """Made-up days. S01 has no data on day `hole`; S00 splits on day 250; some bars are revised two days later."""
    bars = made_up(symbols=symbols, sessions=sessions, seed=seed, odd=False)
    away = bars.labels("symbol").equals("S01") & (bars.ints("start") == hole * DAY)
    columns: dict[str, Column] = dict(bars.columns)
    for name in PRICES:
        columns[name] = np.where(away, np.nan, bars.floats(name))
    columns["known_at"] = bars.ints("start") + DAY
    whole = Frame(Bar, columns)
    chosen = np.flatnonzero((bars.ints("start") // DAY % 97 == 3) & bars.labels("symbol").equals("S02"))
    late = revised(whole, chosen, bars.ints("start")[chosen] + 3 * DAY)
    return Frame.concat([whole, late], to_meta([split("S00", 250, 250)]))


def split(symbol: str, day: int, known: int) -> Action:
    return Action(symbol=symbol, kind="split", date=day * DAY, ts=day * DAY, value=2.0, known_at=known * DAY)


def revised(bars: Frame[Bar], rows: Ints, known: Ints, factor: float = 1.3) -> Frame[Bar]:
    """Later versions of these rows: the high was higher, from `known` (ns) on."""
    some = bars.take(rows, meta={})
    news: dict[str, Column] = {
        "high": some.floats("high") * factor,
        "revision": some.ints("revision") + 1,
        "known_at": known,
        "state": Labels.constant("revised", len(rows)),
    }
    return Frame(Bar, {**some.columns, **news})


def between(bars: Frame[Bar], first: int, end: int) -> Frame[Bar]:
    """The bars of days `first` to `end`, and the actions of these days."""
    start = bars.ints("start")
    actions = [one for one in from_meta(bars.meta) if first * DAY <= one.date < end * DAY]
    return bars.take((start >= first * DAY) & (start < end * DAY), to_meta(actions))


def spoiled(bars: Frame[Bar], cut: int, rng: np.random.Generator, odds: float = 0.2) -> Frame[Bar]:
    """The same bars before day `cut`, all else altered: prices and sizes from then on, symbols that go
    missing, and words on earlier bars and splits that are spoken from then on. `odds`: of a symbol that goes
    and of a split that is told late.
    """
    later = bars.ints("start") >= cut * DAY
    names = sorted(set(bars.labels("symbol").tolist()))
    columns: dict[str, Any] = dict(bars.columns)
    wild = float(rng.choice([1e9, 1e-9, -1.0, 0.0, np.nan]))
    for name in PRICES:
        noise = np.exp(rng.standard_normal(len(bars)))
        columns[name] = np.where(later, bars.floats(name) * noise if rng.random() < 0.7 else wild, bars.floats(name))
    for name in ("volume", "vwap"):
        columns[name] = np.where(later, bars.floats(name) * rng.exponential() * 9, bars.floats(name))
    altered = Frame(Bar, columns)
    gone = later & bars.labels("symbol").equals(str(rng.choice(names))) & (rng.random() < odds)
    altered = altered.take(~gone)
    past = np.flatnonzero(altered.ints("start") < cut * DAY)
    told = rng.choice(past[-30 * len(names) :], 3, replace=False)
    known = cut * DAY + rng.integers(1, 3 * DAY, 3)
    versions = altered.ints("revision")[told]
    words: list[Frame[Bar]] = [altered, revised(altered, told[versions == 0], known[versions == 0], 1.7)]
    actions = [*from_meta(bars.meta), split(str(rng.choice(names)), cut, cut)]
    if rng.random() < odds:  # known only now, of a day long gone
        actions.append(split(str(rng.choice(names)), cut - 9, cut + 1))
    mixed = Frame.concat(words, to_meta(actions))
    return mixed.take(rng.permutation(len(mixed)))


def same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether arrays are equal to the last bit."""
    return [np.ascontiguousarray(a).tobytes() for a in one] == [np.ascontiguousarray(b).tobytes() for b in other]
