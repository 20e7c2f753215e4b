"""Owns the search for secrets: keys in every form in which they could lie about, in all that processes leave behind."""

import base64
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from gateways.simulator.keys import GeneratedKey, GeneratedSecret
from tools.child_process import ChildProcess

# Where they must be: configuration files and the key files beside them.
_KEPT_IN = ".toml"


def forms_of(key: GeneratedKey | GeneratedSecret) -> list[bytes]:
    """A key as text, as raw bytes, and as encodings of these."""
    if isinstance(key, GeneratedSecret):
        return [key.api_key.encode(), key.secret.encode()]
    private = load_pem_private_key(key.private_pem.encode(), password=None)
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    body = key.private_pem.splitlines()[1].encode()
    return [key.api_key.encode(), body, raw, base64.b64encode(raw)[:-4], raw.hex().encode()]


def files(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """Every file as it lies there, shared memory among them."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            # Processes that still live rename and remove some of them.
            with suppress(FileNotFoundError):
                if path.is_file():
                    yield str(path), path.read_bytes()


def hits(places: Iterable[tuple[str, bytes]], forms: Iterable[bytes]) -> list[str]:
    """The names of the places in which one of the forms stands."""
    wanted = list(forms)
    return [name for name, content in places if any(form in content for form in wanted)]


class SecretsSearch:
    """What one installation's processes were given, printed and left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._forms: list[bytes] = []
        self._outputs: list[tuple[str, int]] = []

    def hide(self, keys: Iterable[GeneratedKey | GeneratedSecret]) -> None:
        """These are to be found nowhere but in configuration."""
        self._forms += [form for key in keys for form in forms_of(key)]

    def watch(self, child: ChildProcess) -> None:
        """What it prints until its end is searched too."""
        self._outputs.append((child.name, os.dup(child._output.fileno())))

    def verify_files(self) -> None:
        """AssertionError where a key lies in a file, shared memory among them, that is none of configuration."""
        found = hits(files(self._folder), self._forms)
        wrong = [name for name in found if not name.endswith(_KEPT_IN)]
        assert not wrong, f"a key lies in {wrong}"
        assert found or not self._forms, "where they must be, they are found"

    def verify_outputs(self) -> None:
        """AssertionError where a process has printed a key. Precondition: all of them have ended."""
        printed = [(name, os.pread(output, os.fstat(output).st_size, 0)) for name, output in self._outputs]
        found = hits(printed, self._forms)
        assert not found, f"a key was printed by {found}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for _name, output in self._outputs:
            os.close(output)
