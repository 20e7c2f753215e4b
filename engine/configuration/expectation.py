"""Owns the words that say what a key takes, drawn from its type so that they cannot go stale."""

from typing import Any

from msgspec import inspect


def expectation(kind: Any) -> str:
    """What a value of the type looks like, such as "a whole number from 0 to 31"."""
    return _words(inspect.type_info(kind))


def is_hidden(kind: Any) -> bool:
    """Whether values of the type are never shown."""
    info = inspect.type_info(kind)
    parts = info.types if isinstance(info, inspect.UnionType) else (info,)
    return any(isinstance(part, inspect.Metadata) and bool((part.extra or {}).get("hidden")) for part in parts)


def _words(info: inspect.Type) -> str:  # noqa: PLR0911  one way out for each kind of type
    match info:
        case inspect.Metadata(type=inner, extra_json_schema=schema):
            described = (schema or {}).get("description")
            return str(described) if described else _words(inner)
        case inspect.UnionType(types=types):
            return " or ".join(_words(part) for part in types if not isinstance(part, inspect.NoneType))
        case inspect.IntType(ge=lowest, le=highest):
            return f"a whole number from {lowest} to {highest}"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType(values=values):
            *others, last = (f'"{value}"' for value in values)
            return f"{', '.join(others)} or {last}" if others else last
        case inspect.VarTupleType(item_type=item, min_length=lowest, max_length=highest):
            number = f"{lowest or 0} to {highest}"
            if isinstance(item, inspect.StructType):
                return f"{number} tables, each with {', '.join(field.encode_name for field in item.fields)}"
            return f"a list of {number} entries, each {_words(item)}"
        case inspect.StructType(fields=fields):
            return f"a table with {', '.join(field.encode_name for field in fields)}"
        case _:
            raise AssertionError(f"no words for {info}")
