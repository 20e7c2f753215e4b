"""Owns asking the venue itself: over REST, with another key, through nothing that the engine uses.

GET /api/v3/account with an HMAC signature:
https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md#account-information-user_data
"""

import hmac
import http.client
import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from gateways.simulator.keys import GeneratedSecret
from ipc.clock import NS_PER_MS, SystemClock
from tools.command_error import CommandError

TIMEOUT_S = 5.0


def flush_log(port: int) -> None:
    """Makes everything that happened so far readable in the venue's log."""
    _get(port, "/control/flush", {})


def query_balances(port: int, key: GeneratedSecret) -> dict[str, Decimal]:
    """What the account holds of each asset, free and locked together."""
    query = urlencode({"timestamp": SystemClock.utc_ns() // NS_PER_MS})
    signature = hmac.digest(key.secret.encode(), query.encode(), "sha256").hex()
    body = _get(port, f"/api/v3/account?{query}&signature={signature}", {"X-MBX-APIKEY": key.api_key})
    account: dict[str, Any] = json.loads(body)
    return {row["asset"]: Decimal(row["free"]) + Decimal(row["locked"]) for row in account["balances"]}


def _get(port: int, path: str, headers: dict[str, str]) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise CommandError(f"the venue does not answer {path.partition('?')[0]}: {error}") from error
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise CommandError(f"the venue answers {path.partition('?')[0]} with {response.status}: {body[:200]!r}")
    return body
