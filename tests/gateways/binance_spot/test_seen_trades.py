"""Of an instrument's trades the codec leaves out what came before in another way, and nothing else."""

from gateways.binance_spot.codec import Codec
from gateways.scale import SEEN_TRADES_MAX
from ipc.enums import VenueEvent
from tests.gateways.binance_spot.documented import compact, decode, document, new_codec, payload

STREAMED, MISSED = 1_650_422_481, 1_650_422_482


def bought() -> dict[str, object]:
    """The documented trades of the symbol, as the buyer's."""
    changed = document("myTrades.symbol")
    for row in changed["result"]:
        row["isBuyer"] = True
    return changed


def told(codec: Codec, frame: bytes) -> list[int]:
    return [report["trade_id"] for report in decode(frame, codec) if report.get("event") == VenueEvent.FILL]


def test_a_trade_that_the_stream_told_of_is_left_out() -> None:
    codec = new_codec()
    assert told(codec, payload("executionReport.TRADE")) == [STREAMED]
    assert told(codec, compact(bought())) == [MISSED]
    assert codec.notice is not None
    assert (codec.notice.trade_count, codec.notice.last_trade_id) == (2, MISSED)


def test_the_other_side_of_the_same_trade_is_another_fill() -> None:
    codec = new_codec()
    told(codec, payload("executionReport.TRADE"))
    assert told(codec, payload("myTrades.symbol")) == [STREAMED, MISSED]


def test_a_trade_that_the_list_of_its_order_told_of_is_left_out() -> None:
    codec = new_codec()
    assert told(codec, payload("myTrades")) == [STREAMED, MISSED]
    assert told(codec, payload("myTrades.symbol")) == []


def test_what_only_the_list_of_all_trades_told_of_is_told_until_somebody_says_whose_it_is() -> None:
    codec = new_codec()
    assert told(codec, payload("myTrades.symbol")) == told(codec, payload("myTrades.symbol")) == [STREAMED, MISSED]


def test_the_memory_is_bounded() -> None:
    codec = new_codec()
    scale = codec._instruments["BTCUSDT"]
    for trade_id in range(SEEN_TRADES_MAX + 1):
        scale.see_trade(trade_id, is_buyer=True)
    assert scale.has_seen_trade(SEEN_TRADES_MAX, is_buyer=True)
    assert not scale.has_seen_trade(0, is_buyer=True)


def test_trades_that_nobody_asks_for_any_more_are_forgotten() -> None:
    codec = new_codec()
    scale = codec._instruments["BTCUSDT"]
    scale.see_trade(STREAMED - 1, is_buyer=True)
    scale.see_trade(STREAMED, is_buyer=False)
    decode(payload("myTrades.symbol"), codec)
    assert not scale.has_seen_trade(STREAMED - 1, is_buyer=True)
    assert scale.has_seen_trade(STREAMED, is_buyer=False)
