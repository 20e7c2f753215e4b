"""Which addresses are taken."""

import pytest

from gateways.endpoint import check_url
from gateways.registry import VENUES


@pytest.mark.parametrize(
    "url",
    [
        "wss://ws-api.binance.com:443/ws-api/v3",
        "wss://127.0.0.1:9443/x",
        "ws://127.0.0.1:80/ws-api/v3",
        "ws://127.9.9.9/x",
        "ws://[::1]:8080/x",
        "ws://localhost:8080/x",
    ],
)
def test_tls_anywhere_and_plain_on_this_host(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "ws://ws-api.binance.com/ws-api/v3",
        "ws://10.0.0.1/x",
        "ws://0.0.0.0/x",
        "ws://127.0.0.1.example.com/x",
        "ws://localhost.example.com/x",
        "ws://127.1/x",
        "ws://2130706433/x",
        "ws://[::]/x",
        "http://127.0.0.1/x",
        "https://ws-api.binance.com/x",
        "ws-api.binance.com",
        "wss:///x",
        "wss://user:word@ws-api.binance.com/x",
        "ws://127.0.0.1@example.com/x",
        "wss://ws-api.binance.com/x#part",
        "",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|TLS"):
        check_url(url)


def test_the_declared_addresses_are_all_taken_and_all_tls() -> None:
    for venue in VENUES.values():
        for endpoint in venue.endpoints.values():
            for url in (endpoint.order_url, endpoint.market_url):
                check_url(url)
                assert url.startswith("wss://")
