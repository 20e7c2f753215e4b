"""Owns where a venue's connections may go, and that real orders need an explicit yes."""

from urllib.parse import urlsplit

from engine.configuration.problems import Problems, shown
from engine.configuration.shape import VenueConfig

LOOPBACK_HOSTS = ("localhost", "::1")


def check_addresses(venue: VenueConfig, key: str, problems: Problems) -> None:
    """Notes an address that is missing, without effect, or that no order should go to."""
    for name in ("order_url", "market_url"):
        path, url = f"{key}.{name}", getattr(venue, name)
        if not problems.is_sound(path):
            continue
        if venue.environment == "custom" and url is None:
            problems.add(
                path, "is missing", allowed="a ws:// or wss:// address", fix=f"add {name} or choose another environment"
            )
        elif venue.environment != "custom" and url is not None:
            problems.add(
                path,
                f'has no effect with environment = "{venue.environment}"',
                fix='set environment to "custom" or remove it',
            )
        elif url is not None:
            _check_address(path, url, problems)
    if venue.environment != "custom" and venue.ca_file is not None and problems.is_sound(f"{key}.ca_file"):
        problems.add(
            f"{key}.ca_file",
            f'is not taken with environment = "{venue.environment}"',
            fix='set environment to "custom" or remove it',
        )


def check_live(venue: VenueConfig, key: str, problems: Problems) -> None:
    """Notes a venue beyond this host that would take real orders without `live`, and `live` where it says nothing."""
    urls = (f"{key}.order_url", f"{key}.market_url") if venue.environment == "custom" else ()
    if not problems.is_sound(f"{key}.live", *urls):
        return
    hosts = [_host(url) for url in (venue.order_url, venue.market_url) if url is not None]
    leaves_host = venue.environment == "custom" and not all(host is not None and _is_loopback(host) for host in hosts)
    needs_live = venue.environment == "production" or leaves_host
    if needs_live and not venue.live:
        problems.add(
            f"{key}.live",
            "real orders need an explicit yes",
            value="false",
            allowed="true for this venue",
            fix='add live = true, or set environment to "testnet"',
        )
    elif venue.live and not needs_live:
        problems.add(
            f"{key}.live",
            f'contradicts environment = "{venue.environment}"',
            value="true",
            allowed="false for this venue",
            fix='remove live, or set environment to "production"',
        )


def _check_address(path: str, url: str, problems: Problems) -> None:
    host, scheme = _host(url), url.partition("://")[0]
    if host is None or scheme not in ("ws", "wss"):
        problems.add(
            path,
            "is not an address of a venue",
            allowed="ws:// or wss://, a host, a port from 1 to 65535, a path",
            fix='write it as "wss://host:port/path" without user, password, query or fragment',
        )
    elif scheme == "ws" and not _is_loopback(host):
        problems.add(
            path,
            "would send orders unencrypted to another host",
            value=shown(url),
            allowed="wss://, or ws:// to this host",
            fix="write it with wss://",
        )


def _host(url: str) -> str | None:
    """The host of an address that has nothing but scheme, host, port and path, else None."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment or port == 0:
        return None
    return parts.hostname or None


def _is_loopback(host: str) -> bool:
    octets = host.split(".")
    is_ipv4_loopback = len(octets) == 4 and octets[0] == "127" and all(octet.isdigit() for octet in octets)
    return host in LOOPBACK_HOSTS or is_ipv4_loopback
