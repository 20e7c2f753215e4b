"""Owns the fuzzer of files that hold keys: an account's, and those of CURVE."""

import random
import tempfile
from pathlib import Path

from gateways.credentials import read_file
from gateways.errors import CredentialError
from ipc.curve import CurveKeyError, new_keys, read_keys, write_keys
from tests.fuzz.spoiling import spoil_bytes, spoil_text

_PEM = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----"""


class KeyFiles:
    """Both readers take every input."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="oms-", dir="/dev/shm")
        self._path = Path(self._folder.name, "key.toml")
        write_keys(self._path, new_keys())
        self.seeds = [
            self._path.read_bytes(),
            b'api_key = "abc"\nsecret_key = "def"\n',
            f"api_key = 'abc'\nsecret_key = '''{_PEM}'''\n".encode(),
        ]

    def spoil(self, data: bytes, generator: random.Random) -> bytes:
        """Bytes or characters."""
        if generator.random() < 0.5:
            return spoil_bytes(data, generator)
        return spoil_text(data.decode("utf-8", "replace"), generator).encode("utf-8", "replace")

    def close(self) -> None:
        """Removes the file."""
        self._folder.cleanup()

    def take(self, data: bytes) -> None:
        """As both readers do; no error shows what is in the file."""
        self._path.write_bytes(data)
        for read, named in ((read_file, CredentialError), (read_keys, CurveKeyError)):
            try:
                read(self._path)
            except named as error:
                assert error.__cause__ is None, "what the parser said quotes the file"
