"""Trades are conflated without losing a lot: whatever comes when, the records add up to the trades."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.market_trade import MarketTrade
from gateways.record_writer import new_rows
from gateways.trade_flow import TOLD_EVERY_NS, WORD_MAX, TradeFlow
from tests.gateways.recording_core import as_dict

Told = list[dict[str, int]]
OTHER = 1


def traded(trade_id: int, *, lots: int = 1, price_ticks: int = 100, bought: bool = True, of: int = 0) -> MarketTrade:
    """One trade."""
    return MarketTrade(of, trade_id, price_ticks, lots, bought)


class Flow:
    """A flow with its rows; every method gives the records that it told."""

    def __init__(self) -> None:
        self.flow = TradeFlow()
        self._rows = new_rows(8)

    def take(self, trade: MarketTrade, now_ns: int) -> Told:
        return self._told(self.flow.take(trade, now_ns, self._rows))

    def flush(self, now_ns: int) -> Told:
        return self._told(self.flow.flush(now_ns, self._rows))

    def end(self, now_ns: int) -> Told:
        return self._told(self.flow.end(now_ns, self._rows))

    def _told(self, count: int) -> Told:
        return [as_dict(row) for row in self._rows[:count]]


def test_a_record_says_what_was_traded_since_the_one_before() -> None:
    flow = Flow()
    flow.take(traded(1), 0)
    assert flow.take(traded(2, lots=5, price_ticks=103), 1) == []
    assert flow.take(traded(3, lots=7, price_ticks=98, bought=False), 2) == []
    assert flow.take(traded(6, lots=1, price_ticks=101), 3) == []
    (record,) = flow.flush(TOLD_EVERY_NS)
    assert {name: record[name] for name in record if name not in ("commit", "sequence", "kind")} == {
        "published_ns": TOLD_EVERY_NS,
        "instrument_id": 0,
        "last_trade_id": 6,
        "last_price_ticks": 101,
        "high_ticks": 103,
        "low_ticks": 98,
        "bought_lots": 6,
        "sold_lots": 7,
        "traded_notional": 5 * 103 + 7 * 98 + 101,
        "trade_count": 3,
        "missed_count": 2,
    }


def test_each_instrument_has_its_own_turn() -> None:
    flow = Flow()
    assert len(flow.take(traded(1), 0)) == 1
    assert len(flow.take(traded(1, of=OTHER), 10)) == 1
    for instrument_id in (0, OTHER):
        assert flow.take(traded(2, of=instrument_id), 20) == []
    assert [record["instrument_id"] for record in flow.flush(TOLD_EVERY_NS)] == [0]
    assert [record["instrument_id"] for record in flow.flush(TOLD_EVERY_NS + 10)] == [OTHER]
    assert flow.flush(9 * TOLD_EVERY_NS) == [], "nothing is told twice"


def test_more_than_a_word_holds_is_told_as_what_it_holds() -> None:
    flow = Flow()
    flow.take(traded(1), 0)
    for trade_id in range(2, 9):
        flow.take(traded(trade_id, lots=1 << 61), 1)
    (record,) = flow.flush(TOLD_EVERY_NS)
    assert (record["bought_lots"], record["traded_notional"]) == (WORD_MAX, WORD_MAX)


_STEP = st.tuples(
    st.integers(0, TOLD_EVERY_NS // 2),
    st.sampled_from(["trade", "trade", "trade", "flush", "end"]),
    st.integers(0, 1),
    st.integers(-1, 3),
    st.integers(1, 9),
    st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_STEP, max_size=40))
def test_records_add_up_to_the_trades_a_while_apart(
    steps: list[tuple[int, str, int, int, int, bool]],
) -> None:
    flow, now_ns = Flow(), 0
    last: dict[int, int] = {}
    expected = {0: [0, 0, 0, 0], OTHER: [0, 0, 0, 0]}
    found = {0: [0, 0, 0, 0], OTHER: [0, 0, 0, 0]}
    told_ns: dict[int, int] = {}

    def note(records: Told, *, is_end: bool = False) -> None:
        for record in records:
            of = record["instrument_id"]
            assert is_end or now_ns - told_ns.get(of, -TOLD_EVERY_NS) >= TOLD_EVERY_NS
            assert record["low_ticks"] <= record["last_price_ticks"] <= record["high_ticks"]
            told_ns[of] = now_ns
            counted = ("bought_lots", "sold_lots", "trade_count", "missed_count")
            found[of] = [total + record[name] for total, name in zip(found[of], counted, strict=True)]

    for delay_ns, kind, of, ahead, lots, bought in steps:
        now_ns += delay_ns
        if kind == "flush":
            note(flow.flush(now_ns))
        elif kind == "end":
            note(flow.end(now_ns), is_end=True)
            last.clear()
            told_ns.clear()
        else:
            trade_id = last.get(of, 50) + ahead
            if of not in last or trade_id > last[of]:
                missed = trade_id - last[of] - 1 if of in last else 0
                grown = (lots * bought, lots * (not bought), 1, missed)
                expected[of] = [total + more for total, more in zip(expected[of], grown, strict=True)]
                last[of] = trade_id
            note(flow.take(traded(trade_id, lots=lots, price_ticks=100 + ahead, bought=bought, of=of), now_ns))
    note(flow.end(now_ns), is_end=True)
    assert found == expected
