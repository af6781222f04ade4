import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from causal_alpha.errors import SinkError
from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND
from causal_alpha.records import NO_ID, Bar, Reject, Tick
from causal_alpha.redrive import PATIENCE, Mail, Redriver, Selection
from causal_alpha.rejects import kept
from causal_alpha.sinks.identity import record_id
from causal_alpha.sinks.memory import MemorySink
from causal_alpha.sinks.redrives import MemoryRedrives
from causal_alpha.ticks import tick_json

NOW = 1_700_000_000 * SECOND
TOPIC = "app.ticks"


class Kafka:
    """A topic in memory; `away` takes the messages but says that it didn't, the worst that can happen."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.away = False

    async def post(self, mails: Sequence[Mail]) -> list[int]:
        await asyncio.sleep(0)
        self.mails += mails
        if self.away:
            raise SinkError("expected Kafka to answer, was away")
        return [100 + len(self.mails) - len(mails) + i for i in range(len(mails))]

    def ticks(self) -> list[Tick]:
        return [tick for mail in self.mails for tick in Frame.decode(Tick, mail.value).rows()]


class Bench:
    """A redriver over rejects in memory; `now` is its clock."""

    def __init__(self, *rejects: Reject) -> None:
        self.now, self.kafka, self.rejects = NOW, Kafka(), rejects
        self.ids = [record_id(reject) for reject in rejects]

    async def __aenter__(self) -> Redriver:
        sink = MemorySink()
        await sink.write([Frame.of(Reject, self.rejects)])
        return Redriver(
            MemoryRedrives(sink),
            self.kafka.post,
            topic=TOPIC,
            place=lambda symbol: {"A": 1, "B": 2}.get(symbol, 0),
            tolerance=5 * SECOND,
            clock=lambda: self.now,
        )

    async def __aexit__(self, *_: object) -> None: ...

    @property
    def wanted(self) -> Selection:
        return Selection(ids=tuple(self.ids))


def tick(**changes: Any) -> Tick:
    return Tick(**{"symbol": "A", "ts": NOW, "price": 2.0, "size": 3.0, "source": "yahoo", **changes})


def reject(of: Tick | bytes, reason: str = "future", **changes: Any) -> Reject:
    about = {"payload": of} if isinstance(of, bytes) else {"payload": tick_json(of), "symbol": of.symbol, "ts": of.ts}
    place = {"topic": TOPIC, "partition": 3, "offset": 7, "row": 0, "ts": NOW, "detail": "why", "source": "yahoo"}
    return Reject(**{**place, "reason": reason, **about, **changes})


async def test_redrive_keeps_row_source_and_partition() -> None:
    bench = Bench(reject(tick(id=5, bid=1.5)))

    async with bench as redriver:
        [verdict] = await redriver.run(bench.wanted)

    assert (verdict.ok, verdict.to) == (True, f"{TOPIC}/3/100")
    assert repr(bench.kafka.ticks()) == repr([tick(id=5, bid=1.5)])  # ask is NaN
    [mail] = bench.kafka.mails
    assert (mail.partition, mail.key) == (3, b"A")
    assert mail.headers == (("redrive-of", b"app.ticks/3/7/0"),)


async def test_redrive_names_a_row_without_an_id_by_where_it_stood() -> None:
    rows = [reject(tick(), offset=7), reject(tick(), offset=8)]
    first, second = Bench(*rows), Bench(*rows)

    for bench in (first, second):
        async with bench as redriver:
            await redriver.run(bench.wanted)

    ids = [one.id for one in first.kafka.ticks()]
    assert len({NO_ID, *ids}) == 3
    assert min(ids) >= 0
    assert first.kafka.mails == second.kafka.mails


async def test_redrive_broken_off_is_pending_then_sent_again_as_the_same_row() -> None:
    bench = Bench(reject(tick()))
    async with bench as redriver:
        bench.kafka.away = True
        with pytest.raises(SinkError):
            await redriver.run(bench.wanted)
        bench.kafka.away = False
        [kept] = await redriver.store.find(bench.wanted)
        bench.now += PATIENCE - 1
        [soon] = await redriver.run(bench.wanted)
        bench.now += 2
        [later] = await redriver.run(bench.wanted)
        [again] = await redriver.run(bench.wanted)

    assert kept.redrive is not None
    assert kept.redrive.state == "pending"
    assert (soon.ok, soon.reason) == (False, "pending")
    assert later.ok
    assert (again.ok, again.reason) == (False, "redriven")
    first, second = bench.kafka.ticks()
    assert repr(first) == repr(second)  # the bars take the second for a duplicate


async def test_redrive_broken_off_keeps_its_payload() -> None:
    """Else the row could be in two bars: once as it was, once as it is wanted now."""
    bench = Bench(reject(tick(), "late"))
    async with bench as redriver:
        bench.kafka.away = True
        with pytest.raises(SinkError):
            await redriver.run(bench.wanted, payload=tick_json(tick(symbol="B", ts=NOW - SECOND)))
        bench.kafka.away = False
        bench.now += 2 * PATIENCE
        [verdict] = await redriver.run(bench.wanted, payload=tick_json(tick(ts=NOW - 9 * SECOND)))

    assert (verdict.ok, verdict.to, bool(verdict.detail)) == (True, f"{TOPIC}/2/101", True)
    assert bench.kafka.mails[0] == bench.kafka.mails[1]


async def test_redrive_by_many_at_once_sends_a_row_once() -> None:
    bench = Bench(*(reject(tick(), offset=n) for n in range(5)))
    async with bench as redriver:
        verdicts = await asyncio.gather(*(redriver.run(bench.wanted) for _ in range(4)))

    assert sorted(verdict.id for many in verdicts for verdict in many if verdict.ok) == bench.ids
    assert len(bench.kafka.mails) == 5


async def test_redrive_of_a_whole_frame_names_each_row_and_needs_one_usable() -> None:
    frame = Frame.of(Tick, [tick(), tick(price=-1.0), tick(symbol="B", id=9)])
    bench = Bench(reject(frame.encode(), "schema"))
    async with bench as redriver:
        [verdict] = await redriver.run(bench.wanted)

    assert verdict.to == f"{TOPIC}/3/100"
    assert [(one.symbol, one.price) for one in bench.kafka.ticks()] == [("A", 2.0), ("A", -1.0), ("B", 2.0)]
    assert len({one.id for one in bench.kafka.ticks()} - {NO_ID}) == 3
    assert bench.kafka.ticks()[2].id == 9


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (reject(tick(), "late"), "late"),
        (reject(tick(ts=NOW + 60 * SECOND)), "future"),
        (reject(tick(price=0.0), "not_positive"), "not_positive"),
        (reject(b"{", "malformed"), "malformed"),
        (reject(b"\xff\xff\xff\xff", "malformed"), "malformed"),
        (reject(Frame.empty(Bar).encode(), "schema"), "schema"),
        (reject(b"nonsense", "malformed", topic="app.bars"), "topic"),
        (reject(tick(), topic="other.ticks"), "topic"),
    ],
)
async def test_redrive_refuses_what_would_be_rejected_again(row: Reject, reason: str) -> None:
    bench = Bench(row)
    async with bench as redriver:
        [verdict] = await redriver.run(bench.wanted)

    assert (verdict.ok, verdict.reason) == (False, reason)
    assert "expected" in verdict.detail
    assert bench.kafka.mails == []


@pytest.mark.parametrize("row", [reject(tick(), "late"), reject(tick(price=-1.0), "not_positive")])
async def test_redrive_by_force_sends_it_all_the_same(row: Reject) -> None:
    bench = Bench(row)
    async with bench as redriver:
        [verdict] = await redriver.run(bench.wanted, force=True)

    assert verdict.to == f"{TOPIC}/3/100"
    assert bench.kafka.mails[0].partition == 3


async def test_redrive_by_force_of_what_no_one_can_read_keeps_the_bytes() -> None:
    bench = Bench(reject(b"{", "malformed"))
    async with bench as redriver:
        await redriver.run(bench.wanted, force=True)

    assert [(mail.partition, mail.value) for mail in bench.kafka.mails] == [(3, b"{")]


@pytest.mark.parametrize("force", [False, True])
async def test_redrive_of_a_message_that_was_too_large_to_keep_needs_another_payload(force: bool) -> None:
    payload, detail = kept(b"{" + b" " * 2_000_000, "expected a tick")
    bench = Bench(reject(payload, "malformed", detail=detail))
    async with bench as redriver:
        [refused] = await redriver.run(bench.wanted, force=force)
        [mended] = await redriver.run(bench.wanted, payload=tick_json(tick()))

    assert (refused.ok, refused.reason) == (False, "cut")
    assert refused.detail == "payload: expected all 2000001 bytes, was the first 1000000"
    assert mended.ok
    assert [one.price for one in bench.kafka.ticks()] == [2.0]


@pytest.mark.parametrize(
    ("row", "symbol", "partition"),
    [
        (reject(b'{"symbol": "A"', "malformed"), "A", 1),
        (reject(tick(symbol="C"), "late"), "B", 2),
        (reject(tick(symbol="A"), "late"), "A", 3),
        (reject(tick(symbol="A"), "nan", topic="http", partition=0), "A", 1),
    ],
)
async def test_redrive_of_a_mended_row_goes_where_its_symbol_is(row: Reject, symbol: str, partition: int) -> None:
    bench = Bench(row)
    async with bench as redriver:
        await redriver.run(bench.wanted, payload=tick_json(tick(symbol=symbol, price=9.0)))

    assert [(mail.partition, mail.key) for mail in bench.kafka.mails] == [(partition, symbol.encode())]
    assert [one.price for one in bench.kafka.ticks()] == [9.0]


async def test_redrive_rehearsed_claims_nothing() -> None:
    bench = Bench(reject(tick()))
    async with bench as redriver:
        [verdict] = await redriver.run(bench.wanted, rehearse=True)
        [kept] = await redriver.store.find(bench.wanted)

    assert (verdict.ok, verdict.to, kept.redrive) == (True, f"{TOPIC}/3", None)
    assert bench.kafka.mails == []
