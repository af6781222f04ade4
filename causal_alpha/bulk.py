"""A Kafka consumer that hands an agent one event a poll instead of one event a message.

With `causal_alpha.fetching` the only file that leans on private parts, written for faust-streaming 0.15.3;
`tests/test_bulk.py` holds it against the stock consumer. Six things differ:

- `BatchThread` has the records that a poll brought for a partition of a bulk topic packed into one record,
  whose value is all of them as `Messages`. Other topics pass through unchanged.
- `BatchConsumer._drain_messages` calls the conductor directly. Stock Faust wraps each message in
  four asyncio tasks, half of the cost of an event.
- `BatchConsumer._new_offset` commits by ranges: a batch is acked by its last offset and stands for
  all offsets since the one before it, holes (compaction, transaction markers) included.
- `BatchConsumer.perform_seek` also rewinds partitions that have no commit yet, or whose state knows less
  than was committed (`BatchApp.place`), and lets no older poll go on.
- `BatchStream` keeps messages that were delivered before the seek of a rebalance from agents that ack for
  themselves: the seek brings them again.
- `IdempotentProducer` has Kafka drop what it sends again because an answer got lost. Without trade ids
  nobody later on could tell.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from typing import Any

import faust
from faust.serializers.codecs import Codec
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from causal_alpha.fetching import pack_fetches

_YIELD_EVERY = 100
_POLL = 0.2
"""Seconds that a poll waits for records; a seek waits as long for a poll."""
_PATIENCE = 1_000
"""Milliseconds that a poll waits for an agent that has two batches before it."""


class PassThrough(Codec):  # type: ignore[misc]
    """Codec of bulk topics: sends bytes as they are, delivers the `Messages` of a poll as they are."""

    def _loads(self, s: Any) -> Any:
        return s

    def _dumps(self, s: Any) -> Any:
        return s

    def loads(self, s: Any) -> Any:
        return s


class BatchStream(faust.Stream):  # type: ignore[misc]
    """A stream that knows which of its messages will come again.

    When partitions are revoked, agents forget their state. A message that stood in a queue then, or was
    waiting for a place there, is let through as soon as tables recover, and would meet a state that lacks
    the messages before it.
    """

    async def events(self) -> AsyncIterator[Any]:
        async for event in super().events():
            if self.enable_acks or self.app.consumer.stands(event.message):
                yield event
            else:
                self.log.debug("%s: offset %d comes again", event.message.tp, event.message.offset)


class BatchThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """The thread that talks to Kafka; it packs what comes for bulk topics."""

    async def on_start(self) -> None:
        await super().on_start()
        pack_fetches(self._consumer, self.app.bulk_topics)


class BatchConsumer(driver.Consumer):  # type: ignore[misc]
    """The aiokafka consumer of Faust with batches, a linger before each poll, and range commits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._first_of: dict[TP, dict[int, int]] = defaultdict(dict)
        self._done_to: dict[TP, int] = {}
        self._delivered: dict[TP, int] = {}
        self._polling = asyncio.Lock()
        self._seeks = self._seeks_at_poll = 0
        self._recovered = self._settled = False

    def _new_consumer_thread(self) -> BatchThread:
        return BatchThread(self, loop=self.loop, beacon=self.beacon)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        self._recovered = self._settled = False
        for tp in revoked:
            self._first_of.pop(tp, None)
            self._done_to.pop(tp, None)
            self._delivered.pop(tp, None)
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self._recovered = self._settled = False  # the recovery of an earlier assignment may have ended meanwhile
        await super().on_partitions_assigned(assigned, generation_id)

    async def perform_seek(self) -> None:
        """Seek to the committed offsets, and to the start where none has been committed yet.

        While tables recover, stock Faust already lets messages into the agents' queues, clears these
        when it is done, and seeks back. But aiokafka's seek leaves out partitions without a commit, so
        what was cleared there would never come again; and what a poll before the seek brought would
        still be delivered after it, out of order. So no poll runs beside a seek, and `_drain_messages`
        drops what is left of an older one. Where state goes back, so does the commit; before the tables
        have recovered nobody knows.
        """
        async with self._polling:
            await super().perform_seek()
            starts: dict[TP, int] = {}
            for tp in self.assignment():
                if self._is_changelog_tp(tp):
                    continue
                committed = self._committed_offset[tp] or 0
                place = self.app.place(tp, committed) if self._recovered else committed
                if place < committed or not committed:
                    starts[tp], self._committed_offset[tp] = place, None
            if starts:
                earliest = await self.earliest_offsets(*starts)
                await self.seek_wait({tp: max(place, earliest[tp]) for tp, place in starts.items()})
            self._seeks += 1
            self._settled = self._recovered

    def on_recovered(self) -> None:
        """Tables hold all that their changelogs do; the next seek ends the rebalance."""
        self._recovered = True

    def stands(self, message: Any) -> bool:
        """Whether a message came after the last seek, so that no other one brings it again."""
        return self._settled and message.seek == self._seeks

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109  Faust's signature
        while not self.should_stop:
            if not self.flow_active:
                await self.wait(self.can_resume_flow)
            async with self._polling:
                if self.flow_active:  # else a rebalance waits for the lock, and we'd wait for its end
                    records = await super()._wait_next_records(timeout)
                    self._seeks_at_poll = self._seeks
                    return records
        return None, None

    def _to_message(self, tp: TP, record: Any) -> Any:
        message = super()._to_message(tp, record)
        message.first_offset = getattr(record, "first", record.offset)
        return message

    async def _drain_messages(self, fetcher: Any) -> None:
        behind = False
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                if not behind:
                    await asyncio.sleep(self.app.consumer_linger)  # without it a poll brings a handful of records
                behind = await self._drain_poll()
        except self.consumer_stopped_errors:
            if not self.transport.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.transport.app.should_stop:
                raise

    async def _drain_poll(self) -> bool:
        """Deliver what one poll brings; whether Kafka had more."""
        behind, count = False, 0
        async for tp, message in self.getmany(timeout=_POLL):
            if self._seeks != self._seeks_at_poll:
                break
            behind |= (self.highwater(tp) or 0) > message.offset + 2  # 2: a transaction's marker may be the last
            count += 1
            if count % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
            await self._deliver(tp, message)
            if tp.topic in self.app.bulk_topics:
                await self._let_agents_catch_up(tp)
        return behind

    async def _let_agents_catch_up(self, tp: TP) -> None:
        """Read no more than a batch ahead of an agent: it would only fill the memory.

        Faust tells nobody when a queue gets shorter, so ask; but no longer than a second, for a stuck agent shall not
        keep the others from their messages. While tables recover, agents stand still, and changelogs must be read.
        """
        channels = self.app.topics._tp_index[tp]
        for _ in range(_PATIENCE):
            if self.suspend_flow.is_set() or self.app.in_recovery:
                return
            if all(channel.queue.qsize() < 2 for channel in channels):
                return
            await asyncio.sleep(0.001)

    async def _deliver(self, tp: TP, message: Any) -> None:
        message.seek = self._seeks_at_poll
        read, delivered = self._read_offset[tp], self._delivered.get(tp)
        if read is not None and message.offset < read:
            return  # left over from before a seek
        if self.suspend_flow.is_set():
            await self.wait_first(self.callback(message), self.suspend_flow.wait())
        else:
            await self.callback(message)
        # Faust's read offset is the last one delivered or, after a seek, the next one to read.
        expected = message.first_offset if read is None else read + (read == delivered)
        first = min(expected, message.first_offset)
        self._first_of[tp][message.offset] = first
        self._done_to.setdefault(tp, first)
        self._delivered[tp] = self._read_offset[tp] = message.offset

    def _new_offset(self, tp: TP) -> int | None:
        """The offset up to which everything is acked; Faust commits it if it is news."""
        done = self._done_to.get(tp)
        if done is None:
            return None
        acked, first_of, left = self._acked[tp], self._first_of[tp], []
        for offset in sorted(acked):
            if first_of.get(offset, offset) <= done:
                done = max(done, offset + 1)
                first_of.pop(offset, None)
            else:
                left.append(offset)
        self._acked_index[tp].difference_update(set(acked).difference(left))
        acked[:] = left
        self._done_to[tp] = done
        return done


class IdempotentProducer(driver.Producer):  # type: ignore[misc]
    """The aiokafka producer of Faust, for at-least-once processing, with Kafka's numbering of messages."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class BatchTransport(driver.Transport):  # type: ignore[misc]
    Consumer = BatchConsumer
    Producer = IdempotentProducer


class BatchApp(faust.App):  # type: ignore[misc]
    """A Faust app whose `bulk_topics` arrive as one event a poll.

    `consumer_linger` is the pause before each poll in seconds.
    """

    def __init__(self, *args: Any, bulk_topics: frozenset[str], consumer_linger: float, **kwargs: Any) -> None:
        self.bulk_topics = bulk_topics
        self.consumer_linger = consumer_linger
        super().__init__(*args, Stream=BatchStream, **kwargs)
        self.on_rebalance_complete.connect(self._on_recovered)

    def _on_recovered(self, *_: Any, **__: Any) -> None:
        self.consumer.on_recovered()

    def place(self, tp: TP, committed: int) -> int:
        """The offset to go on from: `committed`, or one before it where state has been lost since."""
        return committed

    def _new_transport(self) -> Any:
        return BatchTransport(self.conf.broker_consumer, self)

    def _new_producer_transport(self) -> Any:
        return BatchTransport(self.conf.broker_producer, self)


async def kafka_answers(app: BatchApp, patience: float = 2.0) -> bool:
    """Whether a broker answers the producer now, and the consumer holds partitions."""
    producer = app.producer._producer
    if producer is None or not app.consumer.assignment():
        return False
    try:
        async with asyncio.timeout(patience):
            return bool(await producer.client.force_metadata_update())
    except (TimeoutError, OSError):
        return False
