"""The demonstration's proof: it holds when everybody tells the same story, and finds each kind of difference."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ipc.order_id import pack, to_text
from tools.demo.outcome import StrategyOutcome
from tools.demo.verification import VenueOrders, balance_differences, log_differences

ORDER = pack(instance=0, epoch=1, strategy_id=1, sequence=1)
OTHER = pack(instance=0, epoch=1, strategy_id=1, sequence=2)
Line = dict[str, Any]


def submitted(order_id: int = ORDER, side: str = "BUY") -> Line:
    return {
        "event": "submitted",
        "order_id": order_id,
        "order_type": "market",
        "side": side,
        "quantity": "2",
        "bid": "99",
        "ask": "101",
    }


def report(execution_type: str, status: str, order_id: int = ORDER, **changes: Any) -> Line:
    return {
        "event": "report",
        "order_id": order_id,
        "leg": 0,
        "execution_type": execution_type,
        "order_status": status,
        "venue_order_id": 7,
        "cumulative_quantity": "0",
        "reason": 0,
        "trade_id": 0,
        "last_quantity": "",
        "last_price": "",
        "fee": "",
        "fee_asset": "",
        **changes,
    }


def trade(trade_id: int, order_id: int = ORDER, fee: str = "0.002", fee_asset: str = "BTC") -> Line:
    return report(
        "TRADE",
        "FILLED",
        order_id,
        trade_id=trade_id,
        last_quantity="2",
        last_price="101",
        fee=fee,
        fee_asset=fee_asset,
    )


def venue_line(event: str, order_id: int = ORDER, venue_order_id: int = 7, **changes: Any) -> Line:
    return {
        "event": event,
        "account": "main",
        "client_order_id": to_text(order_id),
        "venue_order_id": venue_order_id,
        "order_status": "FILLED",
        **changes,
    }


def venue_trade(trade_id: int, order_id: int = ORDER, **changes: Any) -> Line:
    amounts = {"last_quantity": "2.00000000", "last_price": "101.00", "fee": "0.00200000", "fee_asset": "BTC"}
    return venue_line("traded", order_id, trade_id=trade_id, **{**amounts, **changes})


ENDED: Line = {"event": "ended", "is_settled": True, "position": "2", "base_fee_units": 0, "quote_fee_units": 0}
STRATEGY = [submitted(), report("NEW", "NEW"), trade(1), ENDED]
VENUE = [venue_line("accepted", order_status="NEW"), venue_trade(1)]


def outcome_of(lines: list[Line]) -> StrategyOutcome:
    outcome = StrategyOutcome()
    for line in lines:
        outcome.take(line)
    return outcome


def differences(strategy: list[Line], venue: list[Line]) -> list[str]:
    orders = VenueOrders()
    for line in venue:
        orders.take(line)
    return log_differences(outcome_of(strategy), orders)


def test_two_logs_of_one_story_agree() -> None:
    assert differences(STRATEGY, VENUE) == []


@pytest.mark.parametrize(
    ("strategy", "venue", "words"),
    [
        (STRATEGY, [], "is acknowledged but not in the venue's log"),
        (STRATEGY, VENUE[:1], "the venue's log has {}"),
        (STRATEGY[:2], VENUE, "told {}"),
        (STRATEGY, [VENUE[0], venue_trade(2)], "the venue's log has {2:"),
        (STRATEGY, [VENUE[0], venue_trade(1, fee="0.003")], "the venue's log has"),
        (STRATEGY, [VENUE[0], venue_trade(1, fee_asset="USDT")], "the venue's log has"),
        (STRATEGY, [VENUE[0], venue_trade(1, last_price="101.01")], "the venue's log has"),
        (STRATEGY, [*VENUE, venue_trade(2)], "the venue's log has"),
        ([*STRATEGY, trade(1)], VENUE, "trade 1 was told twice"),
        (STRATEGY, [*VENUE, venue_line("accepted", OTHER, 8)], f"order {OTHER} was never sent"),
        (STRATEGY, [*VENUE, venue_line("accepted", client_order_id="web_1")], "an order 'web_1' that is not ours"),
        (STRATEGY, [VENUE[0], venue_trade(1, order_status="PARTIALLY_FILLED")], "1 orders are still open"),
    ],
)
def test_each_difference_between_the_logs_is_found(strategy: list[Line], venue: list[Line], words: str) -> None:
    found = differences(strategy, venue)
    assert any(words in difference for difference in found), found


def test_legs_belong_to_their_order() -> None:
    leg = pack(instance=0, epoch=1, strategy_id=1, sequence=1, leg=3)
    venue = [*VENUE[:1], venue_line("accepted", leg, 9), venue_trade(1, leg, venue_order_id=9, order_status="FILLED")]
    venue[0]["order_status"] = "CANCELED"
    assert differences(STRATEGY, venue) == []


@pytest.mark.parametrize(
    ("base", "quote", "agrees"),
    [("21.998", "1999798", True), ("22", "1999798", False), ("21.998", "2000000", False)],
)
def test_balances_must_be_what_position_and_fees_make(base: str, quote: str, agrees: bool) -> None:
    balances = {"BTC": Decimal(base), "USDT": Decimal(quote)}
    assert (balance_differences(outcome_of(STRATEGY), balances) == []) is agrees


def test_a_position_that_the_trades_do_not_make_is_found() -> None:
    lines = [*STRATEGY[:-1], {**ENDED, "position": "2.5"}]
    assert balance_differences(outcome_of(lines), {"BTC": Decimal("21.998"), "USDT": Decimal("1999798")})


def test_outcomes_are_counted_by_their_last_status() -> None:
    lines = [
        submitted(),
        report("REFUSED", "REFUSED", venue_order_id=0),
        submitted(OTHER),
        report("NEW", "NEW", OTHER),
        report("REFUSED", "REFUSED", OTHER, reason=35),
        report("UNKNOWN", "UNKNOWN", OTHER),
    ]
    outcome = outcome_of(lines)
    assert (outcome.count("REFUSED"), outcome.refused_changes, outcome.unknown) == (1, 1, 1)
    assert [order.order_id for order in outcome.acknowledged] == [OTHER]


@pytest.mark.parametrize(("side", "cost"), [("BUY", "100"), ("SELL", "-100")])
def test_slippage_is_against_the_middle_and_positive_when_bad(side: str, cost: str) -> None:
    outcome = outcome_of([submitted(side=side), trade(1)])
    bps = outcome.slippage_bps("market")
    assert bps is not None
    assert round(bps * 101 / 100, 6) == Decimal(cost)
    assert outcome.slippage_bps("limit") is None


def test_a_log_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "strategy.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in STRATEGY))
    outcome = StrategyOutcome.read(path)
    assert (outcome.position, outcome.is_settled, outcome.fees()) == (Decimal(2), True, {"BTC": Decimal("0.002")})
