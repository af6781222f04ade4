"""What was archived, read back to train on: the bars of MongoDB with all their versions, and corporate actions.

A bar that was revised comes once for each version, each with the time from which it could be known, so
`Dataset.from_bars` sees of it what was known when. Prices are as they were traded; the splits and dividends that
were announced stand in the frame's `meta`. Minutes without a feed (`no_data`) have no price here either.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import MongoClient
from pymongo.errors import ConfigurationError, PyMongoError

from causal_alpha.actions import Action, to_meta
from causal_alpha.errors import ModelError, ServiceError, SinkError
from causal_alpha.frames import Frame
from causal_alpha.records import Bar, Score
from causal_alpha.sinks.documents import from_action, from_document, stored_time

PATIENCE = 5_000
"""Milliseconds to look for a server that answers."""
_PIECE = 20_000
_OPTIONS: "CodecOptions[dict[str, Any]]" = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)


def read_bars(
    mongo_url: str,
    database: str,
    interval: str,
    *,
    symbols: Sequence[str] | None = None,
    start: int | None = None,
    end: int | None = None,
) -> Frame[Bar]:
    """Every version of the bars with `start <= bar.start < end` (ns), by symbol and start, the oldest version first.

    All symbols if none are named. `meta` holds the corporate actions of the symbols (`actions.from_meta`).
    Raises ModelError when there is no such bar, ServiceError when MongoDB does not answer within seconds.
    """
    with _connected(mongo_url) as client:
        archive = client.get_database(database, codec_options=_OPTIONS)
        bars = archive["bars"]
        edges = {sign: stored_time(Bar, ns) for sign, ns in (("$gte", start), ("$lt", end)) if ns is not None}
        names = sorted(set(symbols)) if symbols is not None else sorted(bars.distinct("symbol", {"interval": interval}))
        pieces: list[Frame[Bar]] = []
        held: list[Bar] = []
        for name in names:
            wanted = {"symbol": name, "interval": interval} | ({"start": edges} if edges else {})
            for document in bars.find(wanted).sort("start"):
                held += versions(document)
                if len(held) >= _PIECE:
                    pieces.append(Frame.of(Bar, held))
                    held = []
        pieces.append(Frame.of(Bar, held))
        if not any(map(len, pieces)):
            whose = "any symbol" if symbols is None else ", ".join(names) or "no symbol"
            raise ModelError(f"bars: expected some of {interval} of {whose} in MongoDB's {database!r}, was none")
        actions = [from_action(document) for document in archive["actions"].find({"symbol": {"$in": names}})]
    return _with(Frame.concat(pieces), actions)


def archived_bars(mongo_url: str, database: str, interval: str) -> dict[str, int]:
    """How many bars of an interval each symbol has, by name. Raises ServiceError when MongoDB does not answer."""
    group: dict[str, Any] = {"_id": "$symbol", "bars": {"$sum": 1}}
    with _connected(mongo_url) as client:
        found = client[database]["bars"].aggregate([{"$match": {"interval": interval}}, {"$group": group}])
        return dict(sorted((str(one["_id"]), int(one["bars"])) for one in found))


def read_scores(
    mongo_url: str, database: str, interval: str, family: str, *, horizon: int = 1, start: int | None = None
) -> Frame[Score]:
    """Scores of a family's forecasts with `score.start >= start` (ns), by time; an empty frame where there is none.

    Raises ServiceError when MongoDB does not answer.
    """
    wanted: dict[str, Any] = {"interval": interval, "family": family, "horizon": horizon}
    if start is not None:
        wanted["start"] = {"$gte": stored_time(Score, start)}
    with _connected(mongo_url) as client:
        found = client.get_database(database, codec_options=_OPTIONS)["scores"].find(wanted).sort("start")
        return Frame.of(Score, [from_document(Score, document) for document in found])


def versions(document: Mapping[str, Any]) -> Iterator[Bar]:
    """What was known of a bar one after the other, the newest last. Raises SinkError for what is no bar."""
    here = {name: document.get(name) for name in ("_id", "symbol", "interval", "start")}
    for earlier in document.get("earlier", ()):
        yield from_document(Bar, {**here, **earlier})
    yield from_document(Bar, document)


def _with(bars: Frame[Bar], actions: Sequence[Action]) -> Frame[Bar]:
    ordered = sorted(actions, key=lambda one: (one.symbol, one.date, one.kind, one.known_at))
    return Frame(Bar, bars.columns, to_meta(ordered)) if actions else bars


@contextmanager
def _connected(url: str) -> "Iterator[MongoClient[dict[str, Any]]]":
    try:
        with MongoClient[dict[str, Any]](
            url, serverSelectionTimeoutMS=PATIENCE, connectTimeoutMS=PATIENCE, appname="causal-alpha"
        ) as client:
            yield client
    except (ConfigurationError, ValueError, SinkError) as error:  # asking again can't help
        raise ModelError(_expected(error)) from error
    except PyMongoError as error:
        raise ServiceError(_expected(error)) from error


def _expected(error: Exception) -> str:
    line = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    return f"archive: expected MongoDB to give it, was {line}"
