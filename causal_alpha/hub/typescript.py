"""JSON schema as TypeScript: interfaces for objects, labelled tuples for arrays."""

from collections.abc import Mapping
from typing import Any

from causal_alpha.hub.schema import Schema

_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_WIDTH = 120
_HEAD = "// Made by `causal-alpha schema` from the hub's types; changes here get lost.\n"


def typescript(schemas: Mapping[str, Schema]) -> str:
    """A module with a type for each of the schemas.

    >>> print(typescript({"A": {"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"]}}))
    // Made by `causal-alpha schema` from the hub's types; changes here get lost.
    <BLANKLINE>
    export interface A {
      readonly b: number;
    }
    <BLANKLINE>
    """
    return "\n".join([_HEAD, *(_declaration(name, schema) for name, schema in schemas.items())])


def _declaration(name: str, schema: Schema) -> str:
    text = schema.get("description", "").partition("\n\n")[0].replace("\n", " ")
    doc = f"/** {text} */\n" if text else ""
    if "properties" not in schema:
        line = f"export type {name} = {_type(schema)};\n"
        return doc + (line if len(line) <= _WIDTH + 1 else _tall(name, schema))
    required = set(schema.get("required", ()))
    fields = (
        f"  readonly {field}{'' if field in required else '?'}: {_type(kind)};"
        for field, kind in schema["properties"].items()
    )
    return f"{doc}export interface {name} {{\n" + "\n".join(fields) + "\n}\n"


def _tall(name: str, schema: Schema) -> str:
    """A tuple or union that doesn't fit on a line, an item a line, as prettier does it."""
    if "prefixItems" in schema:
        items = "".join(f"  {_camel(item['title'])}: {_type(item)},\n" for item in schema["prefixItems"])
        return f"export type {name} = readonly [\n{items}];\n"
    return f"export type {name} =" + "".join(f"\n  | {_type(choice)}" for choice in schema["anyOf"]) + ";\n"


def _type(schema: Schema) -> str:
    match schema:
        case {"$ref": str(reference)}:
            return reference.rpartition("/")[2]
        case {"anyOf": list(choices)}:
            return " | ".join(_type(choice) for choice in choices)
        case {"enum": list(values)}:
            return " | ".join(_literal(value) for value in values)
        case {"prefixItems": list(items)}:
            return "readonly [" + ", ".join(f"{_camel(item['title'])}: {_type(item)}" for item in items) + "]"
        case {"type": "array", "items": dict(item)}:
            inner = _type(item)
            return f"readonly ({inner})[]" if " " in inner else f"readonly {inner}[]"
        case {"type": "object", "additionalProperties": dict(value)}:
            return f"Readonly<Record<string, {_type(value)}>>"
        case {"type": str(kind)} if kind in _PLAIN:
            return _PLAIN[kind]
    raise ValueError(f"expected a schema that TypeScript can say, was {schema}")


def _literal(value: Any) -> str:
    return "null" if value is None else f"'{value}'"


def _camel(name: str) -> str:
    """Tuple labels are names of the page's code: `bid_size` is `bidSize` there."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
