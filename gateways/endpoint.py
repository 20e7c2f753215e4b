"""Owns where a venue is reached and how strictly its address is taken."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Endpoint:
    """The addresses of one environment of a venue."""

    order_url: str
    market_url: str


def check_url(url: str) -> None:
    """ValueError unless it is a wss:// address, or a ws:// one of this host.

    Without TLS a key and every order could be read and changed on the way, so the plain scheme is for
    simulators on the loopback interface alone. A name such as "localhost" is whatever the resolver says;
    only literal loopback addresses and exactly that name are taken.
    """
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("an address takes no user, password or fragment")
    if not parts.hostname:
        raise ValueError("an address needs a host")
    if parts.scheme == "wss":
        return
    if parts.scheme != "ws":
        raise ValueError("an address begins with wss://")
    if not _is_loopback(parts.hostname):
        raise ValueError("ws:// without TLS is only for the loopback interface")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
