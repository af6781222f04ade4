"""JSON schema of everything that the hub says, made from its types; and the AsyncAPI document of the socket."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from causal_alpha.hub.events import LOG, STATE, Hello, Subscription
from causal_alpha.hub.replies import REF, REPLIES

Schema: TypeAlias = dict[str, Any]

_SEQ: Schema = {"title": "seq", "type": "integer"}


def components() -> dict[str, Schema]:
    """Every schema by its name, references as in OpenAPI. A `…Event` is state; with its number it is a `…Log`.

    >>> components()["QuoteEvent"]["prefixItems"][1]
    {'title': 'symbol', 'type': 'string'}
    """
    types = (*REPLIES, Hello, Subscription, *STATE, *LOG)
    found = msgspec.json.schema_components(types, ref_template=REF)[1]
    for kind in dict.fromkeys((*STATE, *LOG)):
        _name_items(found[kind.__name__], ("kind", *kind.__struct_fields__))
    for kind in LOG:
        event = found[kind.__name__] if kind in STATE else found.pop(kind.__name__)
        found[log_name(kind)] = _numbered(event, log_name(kind))
    found["StateEvent"] = _any_of(kind.__name__ for kind in STATE)
    found["LogEvent"] = _any_of(log_name(kind) for kind in LOG)
    found["HelloMessage"] = _message("hello", "hello", _ref("Hello"))
    found["StateMessage"] = _message("state", "events", {"type": "array", "items": _ref("StateEvent")})
    found["LogMessage"] = _message("log", "events", {"type": "array", "items": _ref("LogEvent")})
    found["ServerMessage"] = _any_of(("HelloMessage", "StateMessage", "LogMessage"))
    found["SubscribeMessage"] = _message("subscribe", "wanted", _ref("Subscription"))
    return dict(sorted(found.items()))


def log_name(kind: type[msgspec.Struct]) -> str:
    """What an event is called in the log.

    >>> from causal_alpha.hub.events import BarEvent
    >>> log_name(BarEvent)
    'BarLog'
    """
    return kind.__name__.removesuffix("Event") + "Log"


def asyncapi(version: str) -> dict[str, Any]:
    """The AsyncAPI 3 document of the socket."""
    said = {"HelloMessage": "hello", "StateMessage": "state", "LogMessage": "log"}
    names = {**said, "SubscribeMessage": "subscribe"}
    messages = {kind: {"name": kind, "payload": _ref(schema)} for schema, kind in names.items()}
    channel = "#/channels/stream"

    def operation(action: str, kinds: Iterable[str]) -> dict[str, Any]:
        chosen = [{"$ref": f"{channel}/messages/{kind}"} for kind in kinds]
        return {"action": action, "channel": {"$ref": channel}, "messages": chosen}

    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Causal Alpha", "version": version, "description": "See docs/protocol.md."},
        "defaultContentType": "application/json",
        "channels": {
            "stream": {
                "address": "/ws/v1",
                "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in messages},
                "bindings": {"ws": {"query": {"type": "object", "properties": _QUERY}}},
            }
        },
        "operations": {"tell": operation("send", said.values()), "hear": operation("receive", ["subscribe"])},
        "components": {"messages": messages, "schemas": components()},
    }


_QUERY: Mapping[str, Schema] = {
    "since": {"type": "integer", "description": "the newest log number that the client has"},
    "boot": {"type": "string", "description": "the run of the hub that gave it"},
}


def _ref(name: str) -> Schema:
    return {"$ref": REF.format(name=name)}


def _any_of(names: Iterable[str]) -> Schema:
    return {"anyOf": [_ref(name) for name in names]}


def _message(kind: str, title: str, facts: Schema) -> Schema:
    items = [{"title": "kind", "enum": [kind]}, {"title": title, **facts}]
    return {"title": f"{kind.capitalize()}Message", "type": "array", "prefixItems": items, "minItems": 2}


def _name_items(event: Schema, names: Sequence[str]) -> None:
    """msgspec leaves out what the items of an array are called."""
    event["prefixItems"] = [{"title": name, **item} for name, item in zip(names, event["prefixItems"], strict=True)]


def _numbered(event: Schema, title: str) -> Schema:
    items = [_SEQ, *event["prefixItems"]]
    return {**event, "title": title, "prefixItems": items, "minItems": len(items)}
