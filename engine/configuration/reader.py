"""Owns the way from a TOML file to typed sections, noting every problem instead of stopping at the first."""

import difflib
import tomllib
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct, inspect, structs

from engine.configuration.expectation import expectation, is_hidden
from engine.configuration.problems import Problems, shown

FILE_BYTES_MAX = 1 << 20
SECRET_WORDS = ("secret", "private", "password", "passphrase", "api_key", "apikey", "token", "credential")
PEM_START = "-----BEGIN"
KEY_FIX = (
    "take it out of this file; write api_key and secret_key into a file of mode 0600 and name that file with key_file"
)

S = TypeVar("S", bound=Struct)


def read_table(path: Path, problems: Problems) -> dict[str, Any] | None:
    """The file's content as plain data, or None with the problem noted."""
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the path holds a zero byte"
        problems.add("file", f"cannot be read: {reason}", fix="name a TOML file that exists and that you may read")
        return None
    if len(raw) > FILE_BYTES_MAX:
        problems.add("file", "is too large", allowed=f"at most {FILE_BYTES_MAX} bytes", fix="name a configuration file")
        return None
    try:
        return tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        problems.add("file", f"byte {error.start} is not UTF-8", fix="save the file as UTF-8")
    except RecursionError:
        problems.add("file", "is nested too deeply", fix="use the tables of the documentation only")
    except ValueError as error:  # of it TOMLDecodeError, and numbers with thousands of digits
        problems.add("file", f"is not TOML: {shown_error(error)}", fix="correct the syntax there")
    return None


def shown_error(error: ValueError) -> str:
    """The parser's words on one short line."""
    return " ".join(str(error).split())[:200]


def read_section(section: type[S], table: Any, key: str, problems: Problems) -> S:
    """The table as a section; a value that is not sound is noted and replaced by its default or by an empty one."""
    if not isinstance(table, dict):
        problems.add(key, "is not a table", value=shown(table), allowed="a table", fix=f"write it as [{key}]")
        table = {}
    fields = {field.encode_name: field for field in structs.fields(section)}
    for name in table:
        if name not in fields:
            _note_unknown(name, table[name], list(fields), key, problems)
    values = {}
    for name, field in fields.items():
        path = f"{key}.{name}" if key else name
        if name in table:
            values[field.name] = _read_value(field.type, table[name], path, problems)
        elif field.required:
            added = f"{name} to {key}" if key else f"a [[{name}]] table to the file"
            problems.add(path, "is missing", allowed=expectation(field.type), fix=f"add {added}")
            values[field.name] = None
        if values.get(field.name, field) is None:
            values[field.name] = _stand_in(field)
    return section(**values)


def _stand_in(field: structs.FieldInfo) -> Any:
    """What takes the place of an unsound value until all problems are told."""
    if not field.required:
        return field.default
    kind = inspect.type_info(field.type)
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    return () if isinstance(kind, inspect.VarTupleType) else 0 if isinstance(kind, inspect.IntType) else ""


def _read_value(kind: Any, value: Any, key: str, problems: Problems) -> Any:
    """The value as its type asks, or None with the problem noted."""
    section = _section_of(kind)
    if section is not None:
        return read_section(section, value, key, problems)
    item = _item_of_list(kind)
    if item is not None:
        return _read_list(kind, item, value, key, problems)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        _note_unsound(kind, value, key, problems)
        return None


def _section_of(kind: Any) -> Any:
    """The table's type, also of a table that may be left out; None of anything else."""
    parts = [part for part in get_args(kind) if part is not type(None)] if get_origin(kind) is UnionType else [kind]
    is_section = len(parts) == 1 and isinstance(parts[0], type) and issubclass(parts[0], Struct)
    return parts[0] if is_section else None


def _read_list(kind: Any, item: Any, value: Any, key: str, problems: Problems) -> Any:
    """The list's entries, each read for itself so that a problem names its entry."""
    allowed = expectation(kind)
    if not isinstance(value, list):
        _note_unsound(kind, value, key, problems)
        return None
    limits = inspect.type_info(kind)
    assert isinstance(limits, inspect.VarTupleType), "a list of the file is a tuple here"
    lowest, highest = limits.min_length or 0, limits.max_length
    if len(value) < lowest or (highest is not None and len(value) > highest):
        problems.add(key, f"has {len(value)} entries", allowed=allowed, fix="add or remove entries")
        return None
    entries = (_read_value(item, entry, f"{key}[{index}]", problems) for index, entry in enumerate(value))
    return tuple("" if entry is None else entry for entry in entries)


def _item_of_list(kind: Any) -> Any:
    """The type of a list's entries, or None when the type is no list."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return get_args(kind)[0] if get_origin(kind) is tuple else None


def _note_unsound(kind: Any, value: Any, key: str, problems: Problems) -> None:
    allowed = expectation(kind)
    if isinstance(value, str) and PEM_START in value:
        problems.add(key, "holds a key itself", allowed=allowed, fix=KEY_FIX)
        return
    text = "" if is_hidden(kind) or _looks_secret(key, value) else shown(value)
    problems.add(
        key, "is not a value that this key takes", value=text, allowed=allowed, fix=f"set it to {_example(allowed)}"
    )


def _example(allowed: str) -> str:
    """The words of what is allowed as something to set a key to."""
    return f"either {allowed}" if '" or "' in allowed else allowed


def _looks_secret(key: str, value: Any) -> bool:
    """Whether showing the value might show a secret."""
    name = key.rpartition(".")[2].lower()
    return any(word in name for word in SECRET_WORDS) or (isinstance(value, str) and len(value) > 40)


def _note_unknown(name: str, value: Any, known: list[str], key: str, problems: Problems) -> None:
    path = f"{key}.{shown_key(name)}" if key else shown_key(name)
    is_place_of_secret = name.endswith(("_file", "_env"))
    if (_looks_secret(name, "") and not is_place_of_secret) or (isinstance(value, str) and PEM_START in value):
        problems.add(path, "a secret has no place in this file", fix=KEY_FIX)
        return
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    fix = f"did you mean {close[0]}?" if close else f"remove it from {f'[{key}]' if key else 'the file'}"
    text = "" if _looks_secret(name, value) else shown(value)
    problems.add(path, "is not a key", value=text, allowed=", ".join(known), fix=fix)


def shown_key(name: str) -> str:
    """A key of the file as a message may show it."""
    if name.replace("_", "").replace("-", "").isalnum() and name.isascii() and len(name) <= 40:
        return name
    return shown(name)
