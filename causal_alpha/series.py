"""What a frame of a series, a universe's interval, must say so that a stage can use it.

Anybody may send to a topic. Bytes can be a frame and still have a key or `meta` that none of ours has: stages look
first, and touch their state only then.
"""

from collections.abc import Mapping
from typing import Any

from causal_alpha.errors import FrameError, SettingsError
from causal_alpha.frames import Frame
from causal_alpha.intervals import NEVER, activity, interval_ns

_LEAST, _MOST = -(2**63), 2**63 - 1
"""What a snapshot can keep."""


def read_key(key: bytes | None) -> str:
    """The key of a message, `universe|interval`, as text. Raises FrameError for one that is missing or no text.

    >>> read_key(b"default|1m")
    'default|1m'
    """
    try:
        text = (key or b"").decode()
    except UnicodeDecodeError:
        text = ""
    if not text:
        raise FrameError(f"key: expected universe|interval, was {key!r}", reason="schema")
    return text


def interval_of(key: str) -> str:
    """The interval in a key."""
    return key.rpartition("|")[2]


def check_rows(key: str, frame: Frame[Any]) -> None:
    """Raises FrameError unless the key names an interval of time, all rows are of it, and their starts are times."""
    interval = interval_of(key)
    try:
        interval_ns(interval)
    except SettingsError as error:
        raise FrameError(f"key: {error}", reason="schema") from error
    rows = frame.labels("interval")
    if not rows.equals(interval).all():
        others = sorted(set(rows.tolist()) - {interval})
        raise FrameError(f"interval: expected the key's {interval}, was {', '.join(others)}", reason="schema")
    starts = frame.ints("start")
    if len(starts) and not NEVER < int(starts.min()) <= int(starts.max()) < -NEVER:
        raise FrameError(f"start: expected times in ns, was {starts.min()} to {starts.max()}", reason="schema")


def number(meta: Mapping[str, str], word: str, otherwise: int, least: int = _LEAST, most: int = _MOST) -> int:
    """A whole number that `meta` says, or else `otherwise`. Raises FrameError for what is none from `least` to `most`.

    >>> number({"origins": "4"}, "origins", 0), number({}, "origins", 0)
    (4, 0)
    """
    text = meta.get(word, str(otherwise))
    try:
        found = int(text)
    except ValueError:
        found = most + 1
    if not least <= found <= most:
        raise FrameError(f"{word}: expected a number from {least} to {most}, was {text[:100]!r}", reason="schema")
    return found


def unknown_intervals(frame: Frame[Any]) -> list[str]:
    """What stands in the column `interval`, if there is one, and is no interval.

    >>> from causal_alpha.records import Features
    >>> row = Features(symbol="A", interval="x", start=0, close=1.0, values=(), feature_set="")
    >>> unknown_intervals(Frame.of(Features, [row]))
    ['x']
    """
    names = frame.labels("interval").names if "interval" in frame.columns else ()
    return [name for name in names if not _is_interval(name)]


def _is_interval(name: str) -> bool:
    try:
        return bool(activity(name) or interval_ns(name))
    except SettingsError:
        return False
