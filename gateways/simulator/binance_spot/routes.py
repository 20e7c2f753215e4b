"""Owns which kind of connection a WebSocket path opens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from picows import WSListener

from gateways.simulator.binance_spot.market_streams import StreamSession
from gateways.simulator.binance_spot.session import ApiSession
from ipc.clock import NS_PER_MS, NS_PER_US

if TYPE_CHECKING:
    from gateways.simulator.binance_spot.face import BinanceSpotFace


def open_connection(face: BinanceSpotFace, path: str, options: Mapping[str, str]) -> WSListener | None:
    """Who serves the requested path; None for a path that does not exist."""
    time_divisor = NS_PER_US if options.get("timeUnit", "").upper() == "MICROSECOND" else NS_PER_MS
    if path.rstrip("/") == "/ws-api/v3":
        shows_rate_limits = options.get("returnRateLimits", "true") != "false"
        return ApiSession(face, time_divisor=time_divisor, shows_rate_limits=shows_rate_limits)
    if path == "/ws" or path.startswith("/ws/"):
        names = [name for name in path.removeprefix("/ws").split("/") if name]
        return StreamSession(face.streams, names, time_divisor=time_divisor, is_combined=False)
    if path.rstrip("/") == "/stream":
        names = [name for name in options.get("streams", "").split("/") if name]
        return StreamSession(face.streams, names, time_divisor=time_divisor, is_combined=True)
    return None
