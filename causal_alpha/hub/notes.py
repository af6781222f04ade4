"""Notes: what is worth noticing, in a bounded list and in the socket's log."""

from collections import deque
from collections.abc import Callable
from typing import Literal, TypeAlias

from causal_alpha.hub.log import Log
from causal_alpha.hub.rows import NoteRow

Level: TypeAlias = Literal["info", "warn", "error"]


class Notes:
    """The newest `keep` notes; each goes into `log` too. `clock` gives ms since 1970.

    >>> notes = Notes(Log(10), lambda: 7, keep=1)
    >>> notes.add("feed", "info", "AAPL", "back"); notes.add("feed", "warn", "AAPL", "away")
    >>> [(note.id, note.ts, note.text) for note in notes.newest(5)]
    [(2, 7, 'away')]
    """

    def __init__(self, log: Log, clock: Callable[[], int], keep: int = 1_000) -> None:
        self._log, self._clock = log, clock
        self._kept: deque[NoteRow] = deque(maxlen=keep)
        self._count = 0

    def add(self, kind: str, level: Level, subject: str, text: str) -> None:
        self._count += 1
        note = NoteRow(id=self._count, ts=self._clock(), kind=kind, level=level, subject=subject, text=text)
        self._kept.append(note)
        self._log.append("", "", ("note", note.id, note.ts, kind, level, subject, text))

    def newest(self, limit: int) -> list[NoteRow]:
        """Oldest of them first."""
        return list(self._kept)[-limit:]
