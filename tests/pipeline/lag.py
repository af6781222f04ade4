"""How far a worker's group is behind, asked from the broker without joining it."""

from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaException, TopicPartition

STAGES = {
    "ingest": ("requests",),
    "bars": ("ticks",),
    "features": ("bars",),
    "archive": ("features", "forecasts", "scores", "rejects"),
}
"""The topics whose messages a stage works on."""

Places = dict[tuple[str, int], int]
"""Offsets by topic, without the app's name, and partition."""


class Lag:
    """`partitions` of the topic of ticks."""

    def __init__(self, broker: str, app_id: str, partitions: int) -> None:
        self._app_id, self._partitions = app_id, partitions
        self._consumer = Consumer({"bootstrap.servers": broker, "group.id": app_id, "log_level": 0})

    def committed(self) -> Places:
        """The first offset of each place that is not committed."""
        asked = [TopicPartition(f"{self._app_id}.{topic}", number) for topic, number in self._all()]
        found = self._consumer.committed(asked, timeout=5)
        return {self._place(one): max(one.offset, 0) for one in found}

    def ends(self) -> Places:
        """The offset after each place's last message."""
        return {
            (topic, number): self._consumer.get_watermark_offsets(
                TopicPartition(f"{self._app_id}.{topic}", number), timeout=5
            )[1]
            for topic, number in self._all()
        }

    def stages(self) -> list[str]:
        """The stages with work that is not committed; none while the broker doesn't answer."""
        try:
            committed, ends = self.committed(), self.ends()
        except KafkaException:
            return []
        behind = {topic for (topic, number), end in ends.items() if end > committed[topic, number]}
        return [stage for stage, topics in STAGES.items() if behind.intersection(topics)]

    def _all(self) -> Iterable[tuple[str, int]]:
        for topics in STAGES.values():
            for topic in topics:
                yield from ((topic, number) for number in range(self._partitions if topic == "ticks" else 1))

    def _place(self, one: TopicPartition) -> tuple[str, int]:
        return one.topic.removeprefix(f"{self._app_id}."), one.partition
