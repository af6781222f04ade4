"""Rejects sent again: which rows, whether it can help, and that each of them counts once.

A redrive has two states, which a `Redrives` store keeps: `pending` is written before the row is sent,
`sent` with its new place once Kafka has it. Who dies between the two leaves `pending`, and anybody may take
it up again after `PATIENCE`. That the row may then be in Kafka twice does no harm: one without a trade id
gets an id, made of the place where it was rejected, and bars know their ids for as long as they can change.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import msgspec
import numpy as np

from causal_alpha.errors import FrameError
from causal_alpha.frames import ARROW_MAGIC, Frame
from causal_alpha.intervals import SECOND
from causal_alpha.records import NO_ID, Reject, Tick
from causal_alpha.rejects import true_size
from causal_alpha.sinks.identity import record_id
from causal_alpha.ticks import check_ticks, parse_json

POSTED = "http"
"""The topic of rows that were rejected by `POST /ticks`, before they came to Kafka."""
PATIENCE = 10 * SECOND
"""After which a redrive that is still pending counts as broken off, ns."""
HEADER = "redrive-of"
"""Header of a message that was sent again: the id of its reject."""
_BATCH = 500  # rows that are claimed, sent and confirmed together
_AS_BEFORE = "in the form in which it was broken off before"


class Redrive(msgspec.Struct, frozen=True, kw_only=True):
    """That the reject `id` is or was sent again, at `at` (ns); `to` is topic/partition/offset, once known."""

    id: str
    at: int
    payload: bytes
    state: Literal["pending", "sent"] = "pending"
    to: str = ""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Rejects by id, or the newest `limit` of those with this reason, symbol and `start <= ts < end` (ns).

    `fresh` leaves out what has been sent again already.
    """

    ids: tuple[str, ...] | None = None
    reason: str | None = None
    symbol: str | None = None
    start: int | None = None
    end: int | None = None
    limit: int = 500
    fresh: bool = False


@dataclass(frozen=True)
class Kept:
    """A reject in the archive, its redrive if there was one, and of which reject it is itself a redrive."""

    reject: Reject
    redrive: Redrive | None = None
    redrive_of: str = ""


@runtime_checkable
class Redrives(Protocol):
    """Rejects, and what has been sent again. Raises SinkError when the store doesn't answer."""

    async def find(self, wanted: Selection) -> list[Kept]:
        """What `wanted` selects, oldest first; ids that nobody knows are left out."""
        ...

    async def claim(self, redrive: Redrive) -> bool:
        """Write a pending redrive; False if there is one that is sent, or younger than `PATIENCE`."""
        ...

    async def confirm(self, redrive: Redrive) -> None:
        """Write that it is sent."""
        ...


@dataclass(frozen=True)
class Mail:
    """A message to the ticks topic."""

    partition: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


Post: TypeAlias = Callable[[Sequence[Mail]], Awaitable[Sequence[int]]]
"""Sends messages in order and returns their offsets once Kafka has all of them; SinkError if it hasn't."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a request to send a reject again. `to`: where it is or, in a rehearsal, would be."""

    id: str
    ok: bool
    to: str = ""
    reason: str = ""
    detail: str = ""


class Redriver:
    """Sends rejects of `topic`, the ticks, again.

    `place` gives the partition of a symbol. `tolerance` (ns) is how far a stamp may lead `clock`, ns since 1970.
    """

    def __init__(
        self,
        store: Redrives,
        post: Post,
        *,
        topic: str,
        place: Callable[[str], int],
        tolerance: int,
        clock: Callable[[], int],
    ) -> None:
        self.store = store
        self._post, self._topic, self._place = post, topic, place
        self._tolerance, self._clock = tolerance, clock

    async def run(
        self, wanted: Selection, *, payload: bytes | None = None, force: bool = False, rehearse: bool = False
    ) -> list[Verdict]:
        """Send what `wanted` selects, with `payload` instead of its own bytes if given; a verdict each.

        Rows that are sure to be rejected again are refused; `force` sends them all the same. `rehearse` sends
        nothing. Raises SinkError when store or Kafka don't answer; what was under way is pending then.
        """
        now = self._clock()
        found = {record_id(kept.reject): kept for kept in await self.store.find(wanted)}
        verdicts: dict[str, Verdict] = {}
        ready: list[tuple[Redrive, Mail]] = []
        for name in dict.fromkeys(wanted.ids if wanted.ids is not None else found):
            try:
                mail = self._mail(found.get(name), payload, force, now)
            except FrameError as refusal:
                verdicts[name] = Verdict(id=name, ok=False, reason=refusal.reason, detail=str(refusal))
            else:
                verdicts[name] = Verdict(id=name, ok=True, to=f"{self._topic}/{mail.partition}")
                ready.append((Redrive(id=name, at=now, payload=mail.value), mail))
        for first in range(0, 0 if rehearse else len(ready), _BATCH):
            for name, sent in await self._send(ready[first : first + _BATCH]):
                detail = _AS_BEFORE if found[name].redrive else ""
                verdicts[name] = _busy(name) if sent is None else Verdict(id=name, ok=True, to=sent, detail=detail)
        return list(verdicts.values())

    async def _send(self, ready: list[tuple[Redrive, Mail]]) -> list[tuple[str, str | None]]:
        """Claim, send, confirm: the ids and where they are; None for a row that somebody else has claimed."""
        claimed = await asyncio.gather(*(self.store.claim(redrive) for redrive, _ in ready))
        ours = [one for one, won in zip(ready, claimed, strict=True) if won]
        offsets = await self._post([mail for _, mail in ours]) if ours else []
        sent = {
            redrive.id: f"{self._topic}/{mail.partition}/{offset}"
            for (redrive, mail), offset in zip(ours, offsets, strict=True)
        }
        confirmed = [msgspec.structs.replace(redrive, state="sent", to=sent[redrive.id]) for redrive, _ in ours]
        await asyncio.gather(*(self.store.confirm(redrive) for redrive in confirmed))
        return [(redrive.id, sent.get(redrive.id)) for redrive, _ in ready]

    def _mail(self, kept: Kept | None, payload: bytes | None, force: bool, now: int) -> Mail:
        """The message to send. Raises FrameError, whose reason is the verdict's, where there is no use in it."""
        if kept is None:
            raise FrameError("id: expected that of a reject in the archive, was another", reason="unknown")
        reject, redrive = kept.reject, kept.redrive
        if redrive is not None and redrive.state == "sent":
            raise FrameError(f"expected a row not sent again yet, was sent to {redrive.to}", reason="redriven")
        if reject.topic not in (self._topic, POSTED):
            raise FrameError(f"topic: expected {self._topic} or {POSTED}, was {reject.topic}", reason="topic")
        if redrive is not None:
            payload = redrive.payload  # it may be in Kafka already, and must not get there in another form
        if reject.reason == "late" and payload is None and not force:
            raise FrameError("expected a row whose bar may still change, was one that came too late", reason="late")
        if payload is None and (size := true_size(reject)) > len(reject.payload):
            raise FrameError(f"payload: expected all {size} bytes, was the first {len(reject.payload)}", reason="cut")
        value = reject.payload if payload is None else payload
        headers = ((HEADER, record_id(reject).encode()),)
        try:
            ticks = self._usable(value, reject.source, now)
        except FrameError:
            if not force:
                raise
            return Mail(self._partition(reject, reject.symbol), reject.symbol.encode(), value, headers)
        names = ticks.labels("symbol").names
        symbol = names[0] if len(names) == 1 else reject.symbol
        value = _with_ids(ticks, record_id(reject)).encode()
        return Mail(self._partition(reject, symbol), symbol.encode(), value, headers)

    def _usable(self, value: bytes, source: str, now: int) -> Frame[Tick]:
        """The ticks in a message, at least one of them usable now; raises FrameError."""
        if value.startswith(ARROW_MAGIC):
            ticks = Frame.decode(Tick, value)
        else:
            ticks, _, unreadable = parse_json([value], source)
            if unreadable:
                raise FrameError(unreadable[0].detail, reason=unreadable[0].reason)
        bad = check_ticks(ticks, now, self._tolerance)
        if bad and len(bad) == len(ticks):
            raise FrameError(bad[0].detail, reason=bad[0].reason)
        return ticks

    def _partition(self, reject: Reject, symbol: str) -> int:
        """Where the symbol's bars are: where its producer put it, if that is known."""
        return reject.partition if reject.topic == self._topic and symbol == reject.symbol else self._place(symbol)


def _busy(name: str) -> Verdict:
    detail = f"expected a row that nobody else is sending, was claimed less than {PATIENCE // SECOND} s ago"
    return Verdict(id=name, ok=False, reason="pending", detail=detail)


def _with_ids(ticks: Frame[Tick], name: str) -> Frame[Tick]:
    """The ticks, those without a trade id with one made of the reject's id and their row."""
    ids = ticks.ints("id").copy()
    for row in np.flatnonzero(ids == NO_ID).tolist():
        digest = hashlib.blake2b(f"{name}#{row}".encode(), digest_size=8).digest()
        ids[row] = int.from_bytes(digest, "big") >> 1
    return Frame(Tick, {**ticks.columns, "id": ids}, ticks.meta)
