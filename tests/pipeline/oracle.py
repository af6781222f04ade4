"""What must be in MongoDB, worked out from the log of ticks alone: no consumer group, no agents, no clock, no kills.

`expected` folds each partition's messages in one go through the pure stages, `found` reads what is stored. Both give
text by collection and id, so that NaN is NaN and a last bit shows.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import MongoClient

from causal_alpha.bars import BarState, Rules
from causal_alpha.calendar import Sessions, load_sessions, sessions_of
from causal_alpha.frames import Frame
from causal_alpha.history import history
from causal_alpha.inference import Inference
from causal_alpha.ledger import Ledger
from causal_alpha.lineup import Lineup
from causal_alpha.models.inputs import VOLATILITY
from causal_alpha.records import Bar, Features, Forecast, Reject, Score
from causal_alpha.references import load_served_set
from causal_alpha.scan import Since, scan
from causal_alpha.settings import Settings, load_settings
from causal_alpha.sinks.documents import from_document
from causal_alpha.sinks.identity import ARCHIVED, record_id
from causal_alpha.transform import Transform

Contents = dict[str, dict[str, str]]
"""Collection → id → what stands there."""

_FLOOR = Lineup()
_OUTCOMES = {"rows": "in", "in_bars": "in_bars", "late": "late", "duplicates": "duplicate", "rejected": "rejected"}


def read_log(broker: str, topic: str, partitions: int) -> list[list[Any]]:
    """All messages of a topic, by partition."""

    async def read() -> list[list[Any]]:
        log: list[list[Any]] = [[] for _ in range(partitions)]
        async for batch in scan(broker, {topic: partitions}, Since(), follow=False):
            for message in batch:
                log[message.partition].append(message)
        return log

    return asyncio.run(read())


def settle(
    worker: Any, past: Sequence[Frame[Bar]] = (), seconds: float = 120.0, models: Lineup = _FLOOR
) -> dict[str, float]:
    """Wait until MongoDB holds what it must, no more and no less; returns the sums that the metrics must show."""
    should, counts = expected(worker, past, models)
    deadline = time.monotonic() + seconds
    while (stored := found(worker.settings["mongo_url"], worker.database)) != should and time.monotonic() < deadline:
        time.sleep(0.5)
    assert stored == should, differences(stored, should)
    return counts


def expected(
    worker: Any, past: Sequence[Frame[Bar]] = (), models: Lineup = _FLOOR
) -> tuple[Contents, dict[str, float]]:
    """What must have become of the ticks in Kafka, and the sums over partitions that the metrics must show.

    `past`: bars that a source delivered whole, of intervals that no ticks are made into. `models`: who served.
    """
    settings = load_settings(**worker.settings)
    topic = f"{settings.app_id}.ticks"
    hours = partial(hours_of, settings)
    transform = Transform(topic=topic, partitions=settings.partitions, tolerance=settings.future_tolerance)
    frames: dict[str, list[Frame[Bar]]] = {}
    rows: list[Any] = []
    counts = dict.fromkeys(_OUTCOMES.values(), 0.0)
    for partition, messages in enumerate(read_log(settings.broker, topic, settings.partitions)):
        state = BarState.new(rules_of(settings), hours)
        bars, rejects = transform.run(state, partition, messages)
        rows += rejects.rows()
        for interval, frame in bars.items():
            frames.setdefault(interval, []).append(frame)
        for name, value in asdict(state.counts).items():
            counts[_OUTCOMES[name]] += value
    for frame in past:
        frames.setdefault(frame.labels("interval").names[0], []).append(frame)

    feature_set = load_served_set(settings.feature_set)
    inference, ledger = Inference(frozenset({feature_set.hash, VOLATILITY.hash})), Ledger()
    for interval, several in frames.items():
        bars_of_interval = Frame.concat(several)
        rows += bars_of_interval.rows()
        features = history(feature_set, bars_of_interval, max(settings.window, feature_set.lookback))
        rows += features.rows()
        key = f"{settings.universe}|{interval}"
        for start in np.unique(features.ints("start")).tolist():
            said = inference.push(key, features.take(features.ints("start") == start), models, hours)
            rows += said.rows()
            rows += ledger.push(key, said).rows()
    return contents(rows), counts


def found(mongo: str, database: str) -> Contents:
    """What is stored; what stood before a revision counts as a row of its own."""
    options: CodecOptions[dict[str, Any]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)
    rows: list[Any] = []
    with MongoClient[dict[str, Any]](mongo) as client:
        stored = client.get_database(database, codec_options=options)
        for record, name in ARCHIVED.items():
            for document in stored[name].find():
                row = from_document(record, document)
                assert record_id(row) == document["_id"]
                same = {name: document[name] for name in ("symbol", "interval", "start") if name in document}
                rows += [row, *(from_document(record, same | was) for was in document.get("earlier", ()))]
    return contents(rows)


def contents(rows: Sequence[Any]) -> Contents:
    """Records as text by id. How far trades of one `known_at` came in one poll or in several is no matter."""
    bars: dict[str, dict[int, Bar]] = {}
    texts: Contents = {name: {} for name in ARCHIVED.values()}
    for row in rows:
        if isinstance(row, Bar):
            versions = bars.setdefault(record_id(row), {})
            if row.known_at not in versions or versions[row.known_at].revision < row.revision:
                versions[row.known_at] = row
        else:
            texts[ARCHIVED[type(row)]][record_id(row)] = _text(row)
    texts["bars"] = {name: str([versions[at] for at in sorted(versions)]) for name, versions in bars.items()}
    return texts


def rules_of(settings: Settings) -> Rules:
    return Rules.of(
        settings.intervals,
        lateness=settings.lateness,
        correction=settings.correction,
        feed_timeout=settings.feed_timeout,
        quiet_bars=settings.quiet_bars,
    )


def hours_of(settings: Settings, symbol: str) -> Sessions:
    return load_sessions(sessions_of(symbol, settings.calendars), cache=settings.cache.expanduser() / "calendars")


def differences(is_: Contents, should: Contents, most: int = 3) -> str:
    """What is missing, too much or different, a few of each; nothing if nothing is."""
    lines = []
    for name, texts in should.items():
        other = is_[name]
        kinds: Mapping[str, list[str]] = {
            "missing": [text for key, text in texts.items() if key not in other],
            "too many": [text for key, text in other.items() if key not in texts],
            "different": [f"{other[key]}\n  not {text}" for key, text in texts.items() if other.get(key, text) != text],
        }
        for kind, examples in kinds.items():
            if examples:
                lines.append(f"{name}: {len(examples)} of {len(texts)} {kind}, such as")
                lines += [f"  {text}" for text in examples[:most]]
    return "\n".join(lines)


def _text(row: Features | Forecast | Score | Reject) -> str:
    if isinstance(row, Reject) and row.reason == "late":  # its detail says how far the poll had come
        return str((row.topic, row.partition, row.offset, row.row, row.ts, row.payload, row.symbol, row.source))
    return str(row)
