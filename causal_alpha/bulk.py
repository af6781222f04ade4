"""A Kafka consumer that hands an agent one event a poll instead of one event a message.

With `causal_alpha.fetching` the only file that leans on private parts, written for faust-streaming 0.15.3;
`tests/test_bulk.py` holds it against the stock consumer. Five things differ:

- `BatchThread` has the records that a poll brought for a partition of a bulk topic packed into one record,
  whose value is all of them as `Messages`. Other topics pass through unchanged.
- `BatchConsumer._drain_messages` calls the conductor directly. Stock Faust wraps each message in
  four asyncio tasks, half of the cost of an event.
- `BatchConsumer._new_offset` commits by ranges, see `causal_alpha.progress`.
- A rebalance voids all that was read before (`Turn`), wherever it stands: in a poll, before a full queue, in a
  queue, or in an agent that acks it later. When tables have recovered, `perform_seek` goes to where state
  and commits say, and from there each message counts once.
- `IdempotentProducer` has Kafka drop what it sends again because an answer got lost. Without trade ids
  nobody later on could tell.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import faust
from faust.serializers.codecs import Codec
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from causal_alpha.fetching import pack_fetches
from causal_alpha.progress import Progress

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


class Turn(NamedTuple):
    """What a message was read in: the rebalances that began or ended before, and the seeks since the last of them.

    Changelogs are read from one rebalance to the next, topics only after a seek, which comes when tables have
    recovered.
    """

    rebalances: int = 0
    seeks: int = 0


class BatchStream(faust.Stream):  # type: ignore[misc]
    """A stream without the messages that come again.

    What stood in a queue when partitions were revoked, or was waiting for a place there, is let through as
    soon as tables recover. It would meet a state that lacks the messages before it.
    """

    async def events(self) -> AsyncIterator[Any]:
        async for event in super().events():
            if self.app.consumer.stands(event.message):
                yield event


class BatchThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """The thread that talks to Kafka; it packs what comes for bulk topics.

    `turn` is that of the records it gave last, taken where rebalances come from: Kafka's listener waits until the
    consumer has begun the next one.
    """

    turn = Turn()

    async def on_start(self) -> None:
        await super().on_start()
        pack_fetches(self._consumer, self.app.bulk_topics, self.app.consumer_linger)

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109  Faust's signature
        max_records: int | None = None,
    ) -> Any:
        """Faust's, but for one that waits through a rebalance and ends with what the next assignment brought."""
        fetcher = consumer._fetcher
        with fetcher._subscriptions.fetch_context():
            records = await self._take(consumer, active_partitions, max_records)
            if records or not timeout:
                return records
            news = fetcher._create_fetch_waiter()
            await asyncio.wait([news], timeout=timeout)
            if news.done():
                news.result()  # Kafka refuses us
            else:
                news.cancel()
            return await self._take(consumer, active_partitions, max_records)

    async def _take(self, consumer: Any, active_partitions: set[TP], max_records: int | None) -> Any:
        """What is there already."""
        if not active_partitions or consumer._fetcher._subscriptions.reassignment_in_progress:
            return {}
        self.turn = self.consumer.turn
        return await super()._fetch_records(consumer, active_partitions, timeout=0, max_records=max_records)


class BatchConsumer(driver.Consumer):  # type: ignore[misc]
    """The aiokafka consumer of Faust with batches and range commits, which knows what a rebalance voids."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._progress: dict[TP, Progress] = {}
        self._polling = asyncio.Lock()
        self.turn = self._turn_of_poll = Turn()

    def _new_consumer_thread(self) -> BatchThread:
        return BatchThread(self, loop=self.loop, beacon=self.beacon)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        self._begin_turn()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self._begin_turn()
        await super().on_partitions_assigned(assigned, generation_id)

    def _begin_turn(self) -> None:
        self.turn = Turn(self.turn.rebalances + 1)
        self._progress.clear()

    @property
    def settled(self) -> bool:
        """Whether tables have recovered since the last rebalance, and topics are read from where these end."""
        return self.turn.seeks > 0

    def stands(self, message: Any) -> bool:
        """Whether no seek brings a message again; those of channels in memory have no turn."""
        return getattr(message, "turn", self.turn) == self.turn

    def ack(self, message: Any) -> bool:
        """Faust's, but for messages that come again: acked now, they'd count as done before they have been read."""
        if self.stands(message):
            return bool(super().ack(message))
        message.acked = True
        self._unacked_messages.discard(message)
        return False

    async def perform_seek(self) -> None:
        """Go to where state and commits say, or to the start; Faust calls it when tables have recovered.

        aiokafka's seek leaves out partitions without a commit, but what was read of them before is void. No poll
        runs beside a seek. Where state goes back, so does the commit. When partitions are revoked meanwhile,
        nothing is settled, and another recovery and seek follow.
        """
        turn = self.turn
        async with self._polling:
            await super().perform_seek()
            places: dict[TP, int] = {}
            for tp in self.assignment():
                if not self._is_changelog_tp(tp):
                    committed = self._committed_offset[tp] or 0
                    places[tp] = self.app.place(tp, committed)
                    if places[tp] < committed or not committed:
                        self._committed_offset[tp] = None
            earliest = await self.earliest_offsets(*places) if places else {}
            for tp, place in places.items():
                if place < earliest[tp]:
                    places[tp] = earliest[tp]
                    self._tell_of_loss(tp, place, earliest[tp])
            await self.seek_wait(places)
            if self.turn != turn:
                return
            for tp, place in places.items():
                self._progress[tp] = Progress(place)
                self._acked.pop(tp, None)
                self._acked_index.pop(tp, None)
            self.turn = Turn(turn.rebalances, turn.seeks + 1)

    def _tell_of_loss(self, tp: TP, place: int, earliest: int) -> None:
        if place:
            self.log.error(
                "%s/%d: expected the messages from offset %d on, was %d: raise the topic's retention",
                *(tp.topic, tp.partition, place, earliest),
            )

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109  Faust's signature
        while not self.should_stop:
            if not self.flow_active:
                await self.wait(self.can_resume_flow)
            async with self._polling:
                if self.flow_active:  # else a rebalance waits for the lock, and we'd wait for its end
                    records = await super()._wait_next_records(timeout)
                    self._turn_of_poll = self._thread.turn
                    if self.flow_active:  # else `getmany` would seek, in the middle of a rebalance
                        return records
        return None, None

    def _to_message(self, tp: TP, record: Any) -> Any:
        message = super()._to_message(tp, record)
        message.first_offset = getattr(record, "first", record.offset)
        return message

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                await asyncio.sleep(0)
                await self._drain_poll()
        except self.consumer_stopped_errors:
            if not self.transport.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.transport.app.should_stop:
                raise

    async def _drain_poll(self) -> None:
        """Deliver what one poll brings."""
        count = 0
        async for tp, message in self.getmany(timeout=_POLL):
            count += 1
            if count % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
            await self._deliver(tp, message)
            if tp.topic in self.app.bulk_topics:
                await self._let_agents_catch_up(tp)

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
        turn = message.turn = self._turn_of_poll
        if self._is_changelog_tp(tp):
            if turn.rebalances == self.turn.rebalances and message.offset >= (self._read_offset[tp] or 0):
                await self._hand_over(message)
        elif turn == self.turn and (self.settled or self.app.client_only):
            if tp in self._progress:
                self._progress[tp].read(message.first_offset, message.offset)
            await self._hand_over(message)

    async def _hand_over(self, message: Any) -> None:
        if self.suspend_flow.is_set():
            await self.wait_first(self.callback(message), self.suspend_flow.wait())
        else:
            await self.callback(message)

    def _new_offset(self, tp: TP) -> int | None:
        """The offset up to which everything is acked; Faust commits it if it is news."""
        progress = self._progress.get(tp)
        if progress is None:
            return None
        acked = self._acked[tp]
        progress.done = max(progress.done, self._committed_offset[tp] or 0)  # by a commit that a rebalance overtook
        waiting = progress.work_off(acked)
        self._acked_index[tp].difference_update(set(acked) - waiting)
        acked[:] = sorted(waiting)
        return progress.done


class IdempotentProducer(driver.Producer):  # type: ignore[misc]
    """The aiokafka producer of Faust, for at-least-once processing, with Kafka's numbering of messages."""

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


class BatchTransport(driver.Transport):  # type: ignore[misc]
    Consumer = BatchConsumer
    Producer = IdempotentProducer


class BatchApp(faust.App):  # type: ignore[misc]
    """A Faust app whose `bulk_topics` arrive as one event a poll.

    `consumer_linger` is how long the broker gathers messages of theirs before it answers, in seconds.
    """

    def __init__(self, *args: Any, bulk_topics: frozenset[str], consumer_linger: float, **kwargs: Any) -> None:
        self.bulk_topics = bulk_topics
        self.consumer_linger = consumer_linger
        super().__init__(*args, Stream=BatchStream, **kwargs)

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
