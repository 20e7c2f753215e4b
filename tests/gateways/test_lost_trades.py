"""Whatever the streams leave out and however far the lists lag behind, every trade is told, once, under its owner."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from gateways.action import Connect, Send
from gateways.instrument_queries import LOOKS
from gateways.sweep import SWEEP_EVERY_NS
from ipc.clock import NS_PER_S
from ipc.enums import VenueEvent
from ipc.records import EXTERNAL_ORDER
from tests.gateways.scripted_venue import fill_report, open_order, status_report
from tests.gateways.session_desk import LIVE, TICK_NS, Desk

KNOWN_TRADE = 100
# What the core knows as open, what is ours but unknown to it, and two of somebody else.
OWNERS = {11: 8, 12: 9, 13: EXTERNAL_ORDER, 14: EXTERNAL_ORDER}


@dataclass
class Trade:
    """One that no stream told of, and that the next so many lists leave out."""

    trade_id: int
    venue_order_id: int
    looks_hidden: int


class LaggingVenue:
    """Answers questions about trades; some trades show in its lists only from a later question on."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.trades: list[Trade] = []

    def answer(self, question: bytes, link_id: int) -> list[bytes]:
        """Answers one question; returns what is asked next."""
        name, _, rest = question.partition(b" ")
        if name == b"list":
            actions = self.desk.listed(link_id)
        elif name == b"all":
            _, _, first, page = rest.split()
            rows = [
                fill_report(EXTERNAL_ORDER, trade_id=each.trade_id, lots=1, venue_order_id=each.venue_order_id, side=1)
                for each in self.trades
                if each.trade_id >= int(first) and not each.looks_hidden
            ]
            for each in self.trades:
                each.looks_hidden = max(each.looks_hidden - 1, 0)
            actions = self.desk.account_trades(link_id, *rows[: int(page)])
        elif name == b"whose":
            venue_order_id = int(rest.split()[1])
            status = status_report(OWNERS[venue_order_id], cumulative_lots=0, venue_order_id=venue_order_id)
            actions = self.desk.identity(venue_order_id, status)
        elif name == b"status":
            actions = self.desk.status(int(rest), status_report(int(rest), cumulative_lots=0))
        else:
            actions = []
        return [action.frame for action in actions if isinstance(action, Send)]

    def answer_all(self, questions: list[bytes], link_id: int) -> None:
        """Answers until nothing is asked any more."""
        while questions:
            questions = questions[1:] + self.answer(questions[0], link_id)

    def turn(self, link_id: int) -> None:
        """Lets one turn of the sweep go by."""
        end_ns = self.desk.now_ns + SWEEP_EVERY_NS + 4 * NS_PER_S
        while self.desk.now_ns < end_ns:
            actions = self.desk.wait(TICK_NS, alive=[link_id])
            self.answer_all([action.frame for action in actions if isinstance(action, Send)], link_id)


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_every_trade_is_told_once_under_its_owner(data: st.DataObject) -> None:
    desk = Desk()
    venue = LaggingVenue(desk)
    desk.core.known[7] = KNOWN_TRADE + 1
    desk.core.open = [open_order(8)._replace(venue_order_id=11)]
    desk.start()
    next_trade_id, link_id = KNOWN_TRADE + 1, 1
    trades = st.lists(
        st.tuples(st.integers(1, 5), st.sampled_from(sorted(OWNERS)), st.integers(0, LOOKS - 1)), max_size=9
    )
    for _ in range(data.draw(st.integers(1, 5))):
        for ids_between, venue_order_id, looks in data.draw(trades):
            next_trade_id += ids_between
            venue.trades.append(Trade(next_trade_id, venue_order_id, looks))
        if desk.session.state is LIVE and data.draw(st.booleans()):
            desk.disconnected(link_id)
            link_id += 1
            while Connect(link_id) not in desk.wait(TICK_NS):
                pass
        if desk.session.state is LIVE:
            venue.turn(link_id)
        else:
            asked = desk.open_only(link_id)
            venue.answer_all([action.frame for action in asked if isinstance(action, Send)], link_id)
    for _ in range(LOOKS):
        venue.turn(link_id)
    told = {report["trade_id"]: report["order_id"] for report in desk.core.reports(VenueEvent.FILL)}
    assert told == {trade.trade_id: OWNERS[trade.venue_order_id] for trade in venue.trades}
    assert len(desk.core.reports(VenueEvent.FILL)) == len(told)
