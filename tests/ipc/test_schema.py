"""The schema says to other languages exactly what the records are."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ipc.enums import RecordKind
from ipc.records import HEADER_FIELDS, LAYOUTS, SLOT_BYTES
from ipc.schema import ENUMS, SCHEMA_DIGEST, as_c_header, as_json

COMPILER = shutil.which("cc")


def test_every_record_is_whole_words_in_one_slot_and_begins_alike() -> None:
    for kind, layout in LAYOUTS.items():
        names = layout.names or ()
        assert names[:4] == HEADER_FIELDS, kind
        assert layout.itemsize == 8 * len(names) <= SLOT_BYTES, kind
        assert {layout.fields[name][0].str for name in names} == {"<i8"} if layout.fields else False


def test_the_digest_is_a_positive_word_and_the_same_in_every_process() -> None:
    assert 0 < SCHEMA_DIGEST < 1 << 63
    command = "from ipc.schema import SCHEMA_DIGEST; print(SCHEMA_DIGEST)"
    environment = {"PYTHONHASHSEED": "7", "PATH": ""}
    root = Path(__file__).resolve().parents[2]
    printed = subprocess.run(
        [sys.executable, "-c", command], cwd=root, env=environment, capture_output=True, check=True
    )
    assert int(printed.stdout) == SCHEMA_DIGEST


def test_the_json_form_names_every_word_and_every_member() -> None:
    schema = json.loads(json.dumps(as_json()))
    assert schema["digest"] == SCHEMA_DIGEST
    for kind, layout in LAYOUTS.items():
        assert schema["records"][kind.name] == {"kind": int(kind), "words": list(layout.names or ())}
    assert schema["enums"]["RecordKind"]["NEW_ORDER"] == RecordKind.NEW_ORDER
    assert set(schema["enums"]) == set(ENUMS)


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
def test_the_c_header_compiles_and_its_structs_are_the_records(tmp_path: Path) -> None:
    (tmp_path / "schema.h").write_text(as_c_header())
    checks = []
    for kind, layout in LAYOUTS.items():
        struct = f"struct oms_{kind.name.lower()}"
        checks.append(f'_Static_assert(sizeof({struct}) == {layout.itemsize}, "{struct}");')
        for name, (_, offset, *_) in (layout.fields or {}).items():
            checks.append(f'_Static_assert(offsetof({struct}, {name}) == {offset}, "{name}");')
    checks.append(f'_Static_assert(OMS_RECORD_KIND_NEW_ORDER == {int(RecordKind.NEW_ORDER)}, "kind");')
    checks.append(f'_Static_assert(OMS_SCHEMA_DIGEST == INT64_C({SCHEMA_DIGEST}), "digest");')
    source = tmp_path / "check.c"
    source.write_text('#include <stddef.h>\n#include "schema.h"\n#include "schema.h"\n' + "\n".join(checks) + "\n")
    command = [str(COMPILER), "-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", str(source)]
    compiled = subprocess.run(command, capture_output=True, text=True, check=False)
    assert compiled.returncode == 0, compiled.stderr
