"""Owns the control endpoints, with which another process scripts a running venue.

GET /control/flush                      every log record so far is readable in the file
GET /control/fault?action=…&match=…     arms a fault; the other fields of FaultRule are parameters too
GET /control/announce-shutdown          sends every client the venue's shutdown notice
GET /control/drop-connections           cuts every connection
GET /control/maintenance?seconds=…      cuts every connection and takes no new one for so long
GET /control/ban?seconds=…              bans the clients' address for so long
GET /control/status?symbol=…&status=…   TRADING, HALT or BREAK
GET /control/deposit?account=…&asset=…&amount=…      adds to a balance; a negative amount is a withdrawal
GET /control/act?account=…&method=…&…   does what another client of the account asks for: order.place, order.cancel …
                                        with their parameters; answers what that client is told
"""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec
from picows import WSUpgradeResponse, WSUpgradeResponseWithListener

from gateways.simulator.accounts import ASSET_DECIMALS
from gateways.simulator.decimals import parse_units
from gateways.simulator.faults import FaultRule
from ipc.clock import NS_PER_S

if TYPE_CHECKING:
    from gateways.simulator.server import SimulatedVenue


def answer_control(venue: "SimulatedVenue", path: str, query: str) -> WSUpgradeResponseWithListener:
    """Does what the request asks; the answer says what came of it."""
    name = path.removeprefix("/control/")
    control = CONTROLS.get(name)
    if control is None:
        return _answer(404, f"no control called {name!r}")
    try:
        return _answer(200, control(venue, dict(parse_qsl(query))))
    except (KeyError, ValueError, ArithmeticError, msgspec.ValidationError) as error:
        return _answer(400, f"{type(error).__name__}: {error}")


def _flush(venue: "SimulatedVenue", _parameters: dict[str, str]) -> str:
    venue.flush_log()
    return DONE


def _fault(venue: "SimulatedVenue", parameters: dict[str, str]) -> str:
    venue.faults.add(msgspec.convert(parameters, FaultRule, strict=False))
    return DONE


def _announce_shutdown(venue: "SimulatedVenue", _parameters: dict[str, str]) -> str:
    venue.announce_shutdown()
    return DONE


def _drop_connections(venue: "SimulatedVenue", _parameters: dict[str, str]) -> str:
    for connection in list(venue.connections):
        connection.abort()
    return DONE


def _maintenance(venue: "SimulatedVenue", parameters: dict[str, str]) -> str:
    venue.face.close_for(_duration_ns(parameters))
    return DONE


def _ban(venue: "SimulatedVenue", parameters: dict[str, str]) -> str:
    venue.face.weight.ban(venue.clock.utc_ns() + _duration_ns(parameters))
    return DONE


def _status(venue: "SimulatedVenue", parameters: dict[str, str]) -> str:
    status = parameters["status"]
    if status not in STATUSES:
        raise ValueError(f"{status!r} is none of {', '.join(STATUSES)}")
    venue.exchange.books[parameters["symbol"]].instrument.status = status
    return DONE


def _deposit(venue: "SimulatedVenue", parameters: dict[str, str]) -> str:
    account, amount = venue.exchange.accounts[parameters["account"]], parameters["amount"]
    units = parse_units(amount.removeprefix("-"), ASSET_DECIMALS)
    if amount.startswith("-"):
        units = -units
    if account.free[parameters["asset"]] + units < 0:
        raise ValueError("only what is free can be withdrawn")
    venue.exchange.deposit(account, parameters["asset"], units)
    return DONE


def _act(venue: "SimulatedVenue", parameters: dict[str, str]) -> str:
    account, method = parameters.pop("account"), parameters.pop("method")
    return venue.face.act(account, method, parameters)


def _duration_ns(parameters: dict[str, str]) -> int:
    return int(float(parameters["seconds"]) * NS_PER_S)


DONE = "done"
STATUSES = ("TRADING", "HALT", "BREAK")
CONTROLS: dict[str, Callable[["SimulatedVenue", dict[str, str]], str]] = {
    "flush": _flush,
    "fault": _fault,
    "announce-shutdown": _announce_shutdown,
    "drop-connections": _drop_connections,
    "maintenance": _maintenance,
    "ban": _ban,
    "status": _status,
    "deposit": _deposit,
    "act": _act,
}


def _answer(status: int, text: str) -> WSUpgradeResponseWithListener:
    body = f"{text}\n".encode()
    response = (
        WSUpgradeResponse.create_ok_response(body)
        if status == 200
        else WSUpgradeResponse.create_error_response(status, body)
    )
    return WSUpgradeResponseWithListener(response, None)
