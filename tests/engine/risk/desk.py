"""Owns a desk that asks the core and the oracle the same question: random orders at, below and above each limit.

Sums that the core keeps by differences come about by real orders and fills here, and the oracle counts them anew from
the desk's own notes. Counts that orders do not make (messages of a day, volume, equity, funds) are laid into the rows.
"""

import random
from decimal import Decimal

from engine.scope_limits import lift_all_limits, lift_limits
from ipc.enums import SelfTradePrevention, Side, VenueEvent
from ipc.tables import BUCKET_UNIT, NO_LIMIT, RATE_ONE
from tests.engine.core.step_effects import Step
from tests.engine.core.world import NS_PER_S, World
from tests.engine.risk.oracle import UNLIMITED, Limits, Market, Question, Working, funds_of, worth_of

D = Decimal
ENGINE, VENUE, ACCOUNTS, STRATEGIES, INSTRUMENTS = 0, 1, 2, 4, 8
AGE_MAX_NS = 5 * NS_PER_S
WORKING_MAX = 10
BOOK_LIMITS = (
    "max_order_lots",
    "max_order_notional",
    "max_long_lots",
    "max_short_lots",
    "price_collar_bps",
    "fat_finger_bps",
)
SCOPE_LIMITS = (
    "max_open_orders",
    "max_open_units",
    "max_gross_units",
    "max_net_units",
    "max_leverage_percent",
    "max_executions",
    "max_traded_units",
    "max_order_to_trade",
    "order_to_trade_grace",
    "max_new_per_s",
)
CONTROLS = (*BOOK_LIMITS, *SCOPE_LIMITS, "funds", "rate", "repetition", "none")


class Desk:
    """One world, and notes of what was placed and filled in it."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.world = World()
        lift_all_limits(self.world.state)
        self.rate = draw.choice((RATE_ONE, draw.randint(1, 1 << 40)))
        self.world.row("assets", 1)["rate"] = self.rate
        instruments = self.world.state.table("instruments")
        instruments["units_per_notional"] = draw.choice((1, 10, 1_000))
        instruments["money_notional_max"] = (1 << 58) // instruments["units_per_notional"]
        instruments["units_per_lot"] = draw.choice((1, 1_000))
        self.world.state.table("terms")["rate_limit_window_ns"] = 1
        self.world.state.header["fee_reserve_bps"] = draw.choice((0, 7, 10))
        self.working: dict[int, Working] = {}
        self.positions: dict[tuple[int, int, int], int] = {}
        self.books: dict[int, tuple[int, int, int]] = {}
        self.marks: dict[int, int] = {}
        for instrument_id in (0, 1):
            self.move_price(instrument_id)

    def move_price(self, instrument_id: int) -> None:
        """New best prices, now and then unusable ones."""
        bid = self.draw.randint(9_900, 10_000)
        ask = bid + self.draw.randint(0, 30)
        roll = self.draw.random()
        if instrument_id in self.marks and roll < 0.1:
            bid, ask = self.draw.choice(((0, ask), (bid, 0), (ask + 1, ask)))
        self.world.now_ns += 1
        self.world.book_top(bid, ask, instrument_id)
        self.books[instrument_id] = (bid, ask, self.world.now_ns)
        if bid > 0 and ask > 0:
            self.marks[instrument_id] = (bid + ask) // 2

    def question(self) -> Question:
        """A random order, nothing limiting it yet."""
        draw, world = self.draw, self.world
        world.now_ns += draw.choice((1, 1_000_000, AGE_MAX_NS // 3))
        strategy, account, instrument = draw.randint(1, 3), draw.randint(0, 1), draw.randint(0, 1)
        side = draw.choice((Side.BUY, Side.SELL))
        price = draw.randint(9_700, 10_300) if draw.random() < 0.3 else draw.randint(9_800, 9_950) + 250 * (side - 1)
        bid, ask, received_ns = self.books[instrument]
        rows = world.state.table("instruments")[instrument]
        units = (int(rows["units_per_notional"]), int(rows["units_per_lot"]))
        market = Market(bid, ask, received_ns, *units, D(self.rate) / RATE_ONE, rate_is_fresh=True)
        subjects = (
            ("engine", 0, ENGINE),
            ("venue", 0, VENUE),
            ("account", account, ACCOUNTS + account),
            ("strategy", strategy, STRATEGIES + strategy),
            ("instrument", instrument, INSTRUMENTS + instrument),
        )
        return Question(
            strategy=strategy,
            account=account,
            instrument=instrument,
            side=side,
            price=price,
            lots=draw.randint(1, 30),
            now_ns=world.now_ns,
            age_max_ns=AGE_MAX_NS,
            market=market,
            book=dict.fromkeys(BOOK_LIMITS, D(0))
            | {name: D(1 << 30) for name in ("max_order_lots", "max_long_lots", "max_short_lots")}
            | {"max_order_notional": D(1 << 50), "price_collar_bps": UNLIMITED, "fat_finger_bps": UNLIMITED},
            position=sum(lots for (s, _, i), lots in self.positions.items() if (s, i) == (strategy, instrument)),
            repeated=0,
            repeated_max=8,
            fee_bps=int(world.state.header["fee_reserve_bps"]),
            funds_total=D(1 << 60),
            prevents=draw.random() < 0.3,
            working=list(self.working.values()),
            scopes=[(kind, subject, self._facts(kind, subject, row)) for kind, subject, row in subjects],
        )

    def _facts(self, kind: str, subject: int, row: int) -> Limits:
        draw, scope = self.draw, self.world.row("scopes", row)
        facts = Limits(
            limits={**dict.fromkeys(SCOPE_LIMITS, UNLIMITED), "traded_window_ns": D(60 * NS_PER_S)},
            held=self._held(kind, subject),
            traded=D(draw.randint(0, 10**6)),
            traded_ns=self.world.now_ns - draw.randint(0, 50) * 1_000_000,
            executions=draw.randint(0, 50),
            messages=draw.randint(0, 500),
            fills=draw.randint(0, 20),
            sent_level=D(draw.randint(0, 5)),
            sent_ns=self.world.now_ns - draw.choice((0, 1, NS_PER_S // 10, NS_PER_S)),
            equity=D(draw.randint(0, 10**8)),
        )
        scope["traded_level_units"], scope["traded_ns"] = int(facts.traded), facts.traded_ns
        scope["traded_window_ns"] = 60 * NS_PER_S
        scope["execution_count"], scope["message_count"] = facts.executions, facts.messages
        scope["fill_count"], scope["equity_units"] = facts.fills, int(facts.equity or 0)
        scope["new_level"], scope["new_ns"] = int(facts.sent_level) * BUCKET_UNIT, facts.sent_ns
        return facts

    def _held(self, kind: str, subject: int) -> list[Decimal]:
        """What is held: a strategy's by its books, everybody else's by what the accounts hold."""
        sums: dict[tuple[int, int], int] = {}
        for (strategy, account, instrument), lots in self.positions.items():
            owner = strategy if kind == "strategy" else account
            number = {"strategy": strategy, "account": account, "instrument": instrument}.get(kind, subject)
            if number == subject:
                sums[owner, instrument] = sums.get((owner, instrument), 0) + lots
        return [self._worth_held(instrument, lots) for (_, instrument), lots in sums.items()]

    def _worth_held(self, instrument: int, lots: int) -> Decimal:
        units = int(self.world.state.table("instruments")[instrument]["units_per_notional"])
        worth = D(abs(lots)) * self.marks[instrument] * units * self.rate / RATE_ONE
        return worth.to_integral_value("ROUND_FLOOR").copy_sign(lots) if lots else D(0)

    def lay_limits(self, q: Question) -> None:
        """Puts the question's limits and facts into the rows."""
        world, book = self.world, self.world.book(q.strategy, q.instrument)
        for name, value in q.book.items():
            book[name] = int(value)
        lift_limits(world.state.table("scopes"))
        rows = (ENGINE, VENUE, ACCOUNTS + q.account, STRATEGIES + q.strategy, INSTRUMENTS + q.instrument)
        for row, (_, _, scope) in zip(rows, q.scopes, strict=True):
            for name, value in scope.limits.items():
                world.row("scopes", row)[name] = int(value)
        balance = world.row("balances", 3 * q.account + (1 if q.side == Side.BUY else 0))
        balance["free_units"], balance["moved_units"], balance["locked_units"] = int(q.funds_total), 0, 0
        world.row("assets", 1)["rate"] = self.rate if q.market.rate is not None else 0
        world.row("assets", 1)["rate_instrument_id"] = -1 if q.market.rate_is_fresh else q.instrument
        book["duplicate_side"], book["duplicate_price_ticks"] = q.side, q.price
        book["duplicate_lots"], book["duplicate_since_ns"] = q.lots, world.now_ns
        book["duplicate_count"] = q.repeated

    def ask(self, q: Question) -> Step:
        """The core's answer."""
        prevention = SelfTradePrevention.EXPIRE_TAKER if q.prevents else SelfTradePrevention.DEFAULT
        step = self.world.new_order(
            strategy=q.strategy,
            account_id=q.account,
            instrument_id=q.instrument,
            side=q.side,
            price_ticks=q.price,
            order_lots=q.lots,
            self_trade_prevention=prevention,
        )
        row = self.world.row("assets", 1)
        row["rate"], row["rate_instrument_id"] = self.rate, -1
        return step

    def go_on(self, q: Question, step: Step) -> None:
        """Notes an order that left; now and then orders end, are filled, and prices move."""
        lift_limits(self.world.state.table("scopes"))
        if step.requests:
            order_id = int(step.requests[0].order_id)
            self.world.accept(order_id)
            note = Working(q.strategy, q.account, q.instrument, q.side, q.price, q.lots, worth_of(q), funds_of(q))
            self.working[order_id] = note
        while len(self.working) > WORKING_MAX or (self.working and self.draw.random() < 0.3):
            self._end(self.draw.choice(list(self.working)))
        if self.draw.random() < 0.2:
            self.move_price(self.draw.randint(0, 1))

    def _end(self, order_id: int) -> None:
        order = self.working.pop(order_id)
        place = {"account_id": order.account, "instrument_id": order.instrument}
        if self.draw.random() < 0.5:
            self.world.venue(VenueEvent.CANCELED, order_id, **place)
            return
        self.world.fill(order_id, order.lots, order.price, **place)
        key = (order.strategy, order.account, order.instrument)
        self.positions[key] = self.positions.get(key, 0) + (order.lots if order.side == Side.BUY else -order.lots)


assert int(UNLIMITED) == NO_LIMIT
