"""Owns the control endpoints, with which another process scripts a running venue.

GET /control/flush                      every log record so far is readable in the file
GET /control/fault?action=…&match=…     arms a fault; the other fields of FaultRule are parameters too
GET /control/announce-shutdown          sends every client the venue's shutdown notice
GET /control/drop-connections           cuts every connection
"""

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec
from picows import WSUpgradeResponse, WSUpgradeResponseWithListener

from gateways.simulator.faults import FaultRule

if TYPE_CHECKING:
    from gateways.simulator.server import SimulatedVenue


def answer_control(venue: "SimulatedVenue", path: str, query: str) -> WSUpgradeResponseWithListener:
    """Does what the request asks and answers in one word."""
    action = path.removeprefix("/control/")
    if action == "flush":
        venue.flush_log()
    elif action == "fault":
        try:
            rule = msgspec.convert(dict(parse_qsl(query)), FaultRule, strict=False)
        except msgspec.ValidationError as error:
            return _answer(400, str(error))
        venue.faults.add(rule)
    elif action == "announce-shutdown":
        venue.announce_shutdown()
    elif action == "drop-connections":
        for connection in list(venue.connections):
            connection.abort()
    else:
        return _answer(404, f"no control called {action!r}")
    return _answer(200, "done")


def _answer(status: int, text: str) -> WSUpgradeResponseWithListener:
    body = f"{text}\n".encode()
    response = (
        WSUpgradeResponse.create_ok_response(body)
        if status == 200
        else WSUpgradeResponse.create_error_response(status, body)
    )
    return WSUpgradeResponseWithListener(response, None)
