"""Random clients, markets and truthful venues: no parent is exceeded, none acts out of its time, and every one ends."""

import os
import random
from types import SimpleNamespace

import pytest

from ipc.enums import RecordKind, RequestKind, Side
from ipc.order_id import LEG_MAX
from ipc.parent_enums import Algorithm, ParentControl, ParentFlag, ParentState
from ipc.records import SLICES_PER_RECORD
from tests.engine.core.invariants import check_invariants
from tests.engine.core.step_effects import Step
from tests.engine.core.world import NS_PER_MS, NS_PER_S, UTC_OFFSET_NS, World
from tests.engine.execution.truth_venue import TruthVenue

SEEDS = int(os.environ.get("OMS_PARENT_SEEDS", "40"))
STEPS = 250


class RandomParents(World):
    """Two venues of one pair, whose second has smaller lots and ticks, and strategies that send anything."""

    def __init__(self, seed: int) -> None:
        super().__init__(orders=512, tombstones=2_048, trades=8_192, venues=2, parents=24)
        self.draw = random.Random(seed)
        self.sent_by: dict[int, int] = {}
        self.most_lots: dict[int, int] = {}
        self.state.table("terms")["rate_limit_window_ns"] = 1
        self.state.table("terms")["acknowledgement_timeout_ns"] = 2 * NS_PER_S
        self.state.table("terms")["cancel_timeout_ns"] = NS_PER_S
        for place in range(2):
            for table in ("accounts", "instruments"):
                self.row(table, place)["venue_id"] = place
            market = self.row("markets", place)
            market["next_of_pair"] = 1 - place
            market["pair_price_scale"], market["pair_lot_scale"] = (10, 5) if place == 0 else (1, 1)
        self.row("instruments", 1)["min_order_lots"] = 3
        self.venues = [TruthVenue(self, account_id, self.draw) for account_id in range(2)]
        self.quote()

    def scale(self, instrument_id: int) -> int:
        """Finest lots of one lot."""
        return int(self.row("markets", instrument_id)["pair_lot_scale"])

    def feed_words(self, words: object, *, source: int) -> Step:
        """Applies a record and hands what it asks for to the venues."""
        step = super().feed_words(words, source=source)
        assert len(step.requests) <= 40
        for request in step.requests:
            self._check_sent(request)
            self.venues[request.account_id].send(request)
        return step

    def _check_sent(self, request: SimpleNamespace) -> None:
        order_id = request.order_id & ~LEG_MAX
        parent_id = int(self.order(order_id)["parent_order_id"])
        if request.request_kind != RequestKind.NEW or parent_id == 0:
            return
        self.sent_by[order_id] = parent_id
        parent = self.parent_row(parent_id)
        # In the same step, but after what its venue just said of an amendment, its time may have come to an end.
        is_called_back = self.order(order_id)["pending_cancel_ns"] == self.now_ns
        assert parent["parent_state"] == ParentState.WORKING or is_called_back, "only who works sends"
        is_in_time = parent["end_ns"] == 0 or self.now_ns < parent["end_ns"]
        assert is_in_time or is_called_back, "nothing is sent after the end"
        limit = int(parent["limit_price_ticks"])
        if limit and parent["algorithm"] != Algorithm.BRACKET:
            scales = self.state.table("markets")["pair_price_scale"]
            price = request.price_ticks * int(scales[request.instrument_id])
            beyond = price - limit * int(scales[parent["instrument_id"]])
            assert beyond <= 0 if request.side == Side.BUY else beyond >= 0, "no child is beyond its parent's limit"

    def parent_row(self, order_id: int) -> SimpleNamespace:
        """The row of a parent that has one."""
        parents = self.state.table("parents")
        return parents[parents["order_id"] == order_id][0]

    def quote(self) -> None:
        """Both books move a little."""
        middle = self.draw.randint(9_950, 10_050)
        for instrument_id, scale in ((0, 1), (1, 10)):
            bid = (middle + self.draw.randint(-8, 3)) * scale
            lots = self.draw.choice((1, 5, 40, 200))
            self.book_top(bid, bid + self.draw.choice((1, 4, 12)) * scale, instrument_id, bid_lots=lots, ask_lots=lots)

    def check(self) -> None:
        """What the venues know of each parent's children never exceeds it."""
        possible: dict[int, int] = {}
        for order_id, parent_id in self.sent_by.items():
            for venue in self.venues:
                lots = venue.possible_lots(order_id) * self.scale(venue.account_id)
                possible[parent_id] = possible.get(parent_id, 0) + lots
        for parent_id, lots in possible.items():
            assert lots <= self._allowed(parent_id), f"parent {parent_id} works for {lots}"

    def _allowed(self, parent_id: int) -> int:
        parents = self.state.table("parents")
        found = parents[parents["order_id"] == parent_id]
        if len(found):
            known = self.most_lots.get(parent_id, 0)
            self.most_lots[parent_id] = max(known, int(found[0]["order_lots"]))
        return self.most_lots[parent_id]

    # ---- what strategies do ----
    def act(self) -> None:
        """One thing happens somewhere."""
        draw = self.draw
        self.now_ns += draw.choice((0, 1, NS_PER_MS, 20 * NS_PER_MS, 300 * NS_PER_MS))
        roll = draw.random()
        if roll < 0.08:
            self._new_parent()
        elif roll < 0.14:
            self._command_parent()
        elif roll < 0.22:
            self.quote()
        elif roll < 0.26:
            self._everybody_trades()
        elif roll < 0.27:
            draw.choice(self.venues).cut()
        elif roll < 0.40:
            self.pass_time(draw.choice((0, 60 * NS_PER_MS, NS_PER_S)))
        elif not draw.choice(self.venues).act():
            self.quote()
        self.check()

    def pass_time(self, duration_ns: int) -> None:
        """Timers as the core asks for them, then the end of a while."""
        end_ns = self.now_ns + duration_ns
        for _ in range(1_000):
            due_ns = int(self.state.header["next_deadline_ns"])
            if due_ns > end_ns:
                break
            self.now_ns = max(due_ns, self.now_ns)
            self.timer()
        self.now_ns = end_ns
        self.timer()

    def _new_parent(self) -> None:
        draw = self.draw
        algorithm = draw.choice(list(Algorithm))
        instrument_id, side = draw.randint(0, 1), draw.choice((Side.BUY, Side.SELL))
        utc_ns = self.now_ns + UTC_OFFSET_NS
        middle = 10_000 if instrument_id == 0 else 100_000
        lots = draw.randint(1, 120)
        fields: dict[str, int] = {
            "instrument_id": instrument_id,
            "account_id": instrument_id,
            "side": side,
            "algorithm": algorithm,
            "order_lots": lots,
            "urgency_ppm": draw.choice((0, 300_000, 1_000_000)),
            "noise_ppm": draw.choice((0, 0, 300_000)),
            "seed": draw.randint(0, 1 << 40),
            "participation_ppm": draw.choice((0, 200_000)),
            "end_utc_ns": utc_ns + draw.randint(1, 20) * NS_PER_S,
            "start_utc_ns": draw.choice((0, 0, utc_ns + NS_PER_S)),
            "interval_ms": draw.choice((0, 0, 500)),
        }
        if draw.random() < 0.4:
            fields["limit_price_ticks"] = middle + draw.randint(-30, 30) * middle // 10_000
        if draw.random() < 0.5:
            fields |= {"parent_flags": int(ParentFlag.ROUTED), "account_id": -1}
        if draw.random() < 0.1:
            fields["parent_flags"] = fields.get("parent_flags", 0) | int(ParentFlag.PASSIVE_ONLY)
        if algorithm in (Algorithm.ICEBERG, Algorithm.SNIPER, Algorithm.PEG):
            fields["display_lots"] = draw.randint(1, lots)
        if algorithm == Algorithm.POV:
            fields["participation_ppm"] = 300_000
        if algorithm == Algorithm.CLOSE_OUT:
            fields["order_lots"] = 0
        if algorithm in (Algorithm.STOP, Algorithm.BRACKET):
            fields["trigger_price_ticks"] = middle + draw.randint(-30, 30) * middle // 10_000
            fields["take_profit_ticks"] = middle if algorithm == Algorithm.BRACKET else 0
            fields["trail_ticks"] = draw.choice((0, 20))
            self._maybe_follow(fields)
        order_id = self.order_id(1)
        step = self.command(RecordKind.NEW_PARENT, order_id=order_id, **fields)
        if not step.refusals and algorithm in (Algorithm.VWAP, Algorithm.IMPLEMENTATION_SHORTFALL):
            self._schedule(order_id, lots)

    def _maybe_follow(self, fields: dict[str, int]) -> None:
        orders = self.state.table("orders")
        is_entry = (orders["order_id"] != 0) & (orders["parent_order_id"] == 0)
        is_entry &= (orders["side"] != fields["side"]) & (orders["instrument_id"] == fields["instrument_id"])
        entries = orders["order_id"][is_entry]
        if len(entries) and self.draw.random() < 0.7:
            fields |= {"order_lots": 0, "after_order_id": int(self.draw.choice(list(entries)))}
        else:
            self.new_order(
                side=Side.SELL if fields["side"] == Side.BUY else Side.BUY,
                instrument_id=fields["instrument_id"],
                account_id=fields["instrument_id"],
                order_lots=self.draw.randint(3, 60),
                price_ticks=10_000 if fields["instrument_id"] == 0 else 100_000,
            )

    def _schedule(self, order_id: int, lots: int) -> None:
        count = self.draw.randint(1, 50)
        cuts = sorted(self.draw.randint(0, lots) for _ in range(count - 1))
        sizes = [after - before for before, after in zip([0, *cuts], [*cuts, lots], strict=True)]
        for first in range(0, count, SLICES_PER_RECORD):
            part = {f"lots_{place}": size for place, size in enumerate(sizes[first : first + SLICES_PER_RECORD])}
            self.command(RecordKind.SCHEDULE, order_id=order_id, first_slice=first, slice_count=count, **part)

    def _command_parent(self) -> None:
        parents = self.state.table("parents")
        known = [int(order_id) for order_id in parents["order_id"] if order_id]
        if not known:
            return
        order_id, draw = self.draw.choice(known), self.draw
        roll = draw.random()
        if roll < 0.2:
            self.cancel(order_id)
        elif roll < 0.6:
            control = draw.choice((ParentControl.PAUSE, ParentControl.RESUME))
            self.command(RecordKind.CONTROL_PARENT, order_id=order_id, control=control)
        else:
            lots, price = draw.choice((0, draw.randint(1, 150))), draw.choice((0, 10_000, 9_980))
            self.amend(order_id, order_lots=lots, price_ticks=price)

    def _everybody_trades(self) -> None:
        for instrument_id in range(2):
            lots = self.draw.randint(1, 500)
            fields = {"last_trade_id": self.now_ns, "last_price_ticks": 10_000, "bought_lots": lots, "trade_count": 1}
            self.feed(RecordKind.MARKET_TRADES, instrument_id=instrument_id, traded_notional=lots * 10_000, **fields)

    # ---- the end ----
    def finish(self) -> None:
        """Nobody asks for more, everything is heard, and time goes on."""
        for parent in self.state.table("parents"):
            if parent["order_id"] and parent["parent_state"] == ParentState.PAUSED:
                order_id = int(parent["order_id"])
                self.command(RecordKind.CONTROL_PARENT, order_id=order_id, control=ParentControl.RESUME)
        for _ in range(30):
            for venue in self.venues:
                venue.settle()
                venue.reconcile()
            self.pass_time(2 * NS_PER_S)
            self.quote()
        for venue in self.venues:
            venue.settle()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_parent_is_exceeded_and_every_one_ends(seed: int) -> None:
    world = RandomParents(seed)
    for number in range(STEPS):
        world.act()
        if number % 25 == 0:
            check_invariants(world)
    world.finish()
    check_invariants(world)
    parents = world.state.table("parents")
    for parent in parents[parents["order_id"] != 0]:
        assert parent["parent_state"] == ParentState.ENDED, (Algorithm(int(parent["algorithm"])).name, parent)
        children = [order_id for order_id, parent_id in world.sent_by.items() if parent_id == parent["order_id"]]
        filled = sum(
            leg.filled * world.scale(leg.instrument_id)
            for venue in world.venues
            for leg in venue.legs.values()
            if leg.order_id in children
        )
        assert filled == parent["cumulative_lots"]


def test_the_same_inputs_give_the_same_parents() -> None:
    def digest_of() -> str:
        world = RandomParents(7)
        for _ in range(STEPS):
            world.act()
        return world.state.digest()

    assert digest_of() == digest_of()
