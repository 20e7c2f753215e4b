"""Owns what is struck out of every text that leaves the process: known keys, and what a signed request carries.

Nothing is written on purpose that holds a key; this is for the text of somebody else's error that quotes one.
"""

import logging
import re
import sys
import traceback
from types import TracebackType

from ipc.secret import Secret

_STRUCK = b"(redacted)"
# The value behind a name that a venue or a protocol gives to a secret, in a query, in a header and in JSON.
_NAMED = re.compile(
    rb"((?:signature|api_?key|secret_?key|listen_?key|passphrase|x-mbx-apikey)[\\\"']*\s*[=:]\s*[\\\"']*)"
    rb"[^\\\"'&\s,;}]+",
    re.IGNORECASE,
)
_PEM = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


class Redaction(logging.Filter):
    """Knows the keys in use; it is also a filter of Python's own logging."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: list[Secret] = []

    def learn(self, *secrets: Secret) -> None:
        """Strikes these out from now on."""
        self._secrets.extend(secrets)

    def clean(self, text: bytes) -> bytes:
        """The text without them."""
        for secret in self._secrets:
            text = text.replace(secret.reveal(), _STRUCK)
        return _PEM.sub(_STRUCK, _NAMED.sub(rb"\1" + _STRUCK, text))

    def install(self) -> None:
        """Stands in the way of what Python itself writes: log records of libraries, and uncaught exceptions."""
        if logging.lastResort is not None:
            logging.lastResort.addFilter(self)
        sys.excepthook = self._tell_exception

    def filter(self, record: logging.LogRecord) -> bool:
        """Cleans a record and lets it pass."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[0] is not None:
            text = f"{text}\n{''.join(traceback.format_exception(*record.exc_info)).rstrip()}"
        record.msg, record.args, record.exc_info, record.exc_text = self._clean_text(text), (), None, None
        return True

    def _tell_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.stderr.write(self._clean_text("".join(traceback.format_exception(kind, error, trace))))

    def _clean_text(self, text: str) -> str:
        return self.clean(text.encode("utf-8", "replace")).decode("utf-8", "replace")
