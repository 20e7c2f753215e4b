"""Owns a strategy of a simulation: what it wants, what it is told, and what it does about it."""

from __future__ import annotations

from array import array
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.enums import (
    ExecutionType,
    OrderStatus,
    OrderType,
    RecordKind,
    RefusalReason,
    Side,
    TimeInForce,
)
from ipc.order_id import CLIENT_SEQUENCE_MAX, pack, to_text, unpack
from ipc.records import ALL_ACCOUNTS, ALL_INSTRUMENTS, AS_CONFIGURED, EXECUTION_REPORT, LAYOUTS, SLOT_WORDS
from tools.simulation.order_kinds import KINDS, MIDDLE_TICKS, PREVENTIONS
from tools.simulation.parent_desk import ParentDesk
from tools.simulation.setting import INSTANCE

if TYPE_CHECKING:
    from tools.simulation.stage import Stage

_NAMES = {kind: layout.names or () for kind, layout in LAYOUTS.items()}
_REPORT = {name: place for place, name in enumerate(EXECUTION_REPORT.names or ())}
_KIND, _SEQUENCE = 1, 2
_REPORT_KIND, _PARENT_KIND = int(RecordKind.EXECUTION_REPORT), int(RecordKind.PARENT_REPORT)
_ORDER_ID, _TYPE, _STATUS = _REPORT["order_id"], _REPORT["execution_type"], _REPORT["order_status"]
_ORDER_LOTS, _CUMULATIVE, _LEAVES = _REPORT["order_lots"], _REPORT["cumulative_lots"], _REPORT["leaves_lots"]
_TRADE_ID, _LAST_LOTS, _LAST_PRICE = _REPORT["trade_id"], _REPORT["last_lots"], _REPORT["last_price_ticks"]
_REASON, _SIDE, _INSTRUMENT = _REPORT["reason"], _REPORT["side"], _REPORT["instrument_id"]
PREVENTED_SHARE = 0.85
"""Of the orders ask the venue to keep them from one's own; of the others those that would meet one never leave."""
_REPEATS = (int(RefusalReason.COMMAND_OUT_OF_SEQUENCE), int(RefusalReason.DUPLICATE_ORDER_ID))


class Told(NamedTuple):
    """One execution report as the strategy keeps it."""

    sequence: int
    order_id: int
    execution_type: int
    order_status: int
    order_lots: int
    cumulative_lots: int
    leaves_lots: int
    trade_id: int
    last_lots: int
    last_price_ticks: int
    reason: int
    side: int
    instrument_id: int


class Client:
    """A strategy whose every decision comes from its seed."""

    def __init__(self, stage: Stage, strategy_id: int, generator: Random) -> None:
        self.strategy_id = strategy_id
        self.submitted: dict[int, tuple[int, int]] = {}
        """Side and the most that was ever asked for, by order."""
        self.told: list[Told] = []
        self.forgotten: set[int] = set()
        """Orders of which the engine has lost reports that this strategy had read."""
        self.action_count = 0
        self._stage = stage
        self._random = generator.random
        self._generator = generator
        self._words = array("q", bytes(8 * SLOT_WORDS))
        self._address = self._words.buffer_info()[0]
        self._sequence = 0
        self._order_sequence = 0
        self._epoch = 0
        self._last_report = 0
        self._reads_from_ns = 0
        self._mailbox: list[list[int]] = []
        self._living: dict[int, Told | None] = {}
        self.parents = ParentDesk(stage, self, Random(generator.random())) if stage.has_parents else None

    # What it is told.

    def take(self, effect: list[int]) -> None:
        """A report lies in its ring."""
        stage = self._stage
        generator = stage.plan.strikes("report_lag")
        if generator is not None:
            stage.plan.hit("report_lag", stage.phase_of_id(effect[_ORDER_ID]))
            self._reads_from_ns = stage.timeline.now_ns + int(generator.random() * 2 * NS_PER_S)
            stage.timeline.at(self._reads_from_ns, self.read)
        if stage.plan.strikes("reports_lost") is not None:
            stage.plan.hit("reports_lost", stage.phase_of_id(effect[_ORDER_ID]))
            return
        self._mailbox.append(effect)
        self.read()

    def read(self) -> None:
        """Reads what waits, unless it is busy with something else."""
        if self._stage.timeline.now_ns < self._reads_from_ns:
            return
        waiting, self._mailbox = self._mailbox, []
        for effect in waiting:
            if effect[_SEQUENCE] > self._last_report + 1:
                self._read_history(effect[_SEQUENCE] - 1)
            self._hear(effect)

    def catch_up(self, *, last_sequence: int) -> None:
        """Reads what it has missed, and forgets what the engine has forgotten."""
        self._reads_from_ns = 0
        self.read()
        if self._last_report > last_sequence:
            self.forgotten |= {told.order_id for told in self.told if told.sequence > last_sequence}
            self.told = [told for told in self.told if told.sequence <= last_sequence]
            self._last_report = last_sequence
            if self.parents is not None:
                self.parents.forget_after(last_sequence)
        self._read_history(last_sequence)

    def engine_is_back(self, epoch: int) -> None:
        """A new run of the engine: numbers begin anew."""
        self._epoch = epoch
        self._sequence = 0
        self._order_sequence = 0

    def crash(self) -> None:
        """Forgets everything, and learns it anew from the engine's history."""
        last = self._last_report
        was_told_of = {told.order_id for told in self.told} | {effect[_ORDER_ID] for effect in self._mailbox}
        self.told.clear()
        self._living.clear()
        self._mailbox.clear()
        self._last_report = 0
        if self.parents is not None:
            self.parents.forget()
        self._read_history(last)
        self.forgotten |= was_told_of - {told.order_id for told in self.told}

    def _read_history(self, to_sequence: int) -> None:
        for effect in self._stage.history(self.strategy_id):
            if self._last_report < effect[_SEQUENCE] <= to_sequence:
                self._hear(effect)

    def _hear(self, effect: list[int]) -> None:
        if effect[_SEQUENCE] <= self._last_report:
            return
        self._last_report = effect[_SEQUENCE]
        if effect[_KIND] == _PARENT_KIND and self.parents is not None:
            self.parents.hear(effect)
        if effect[_KIND] != _REPORT_KIND:
            return
        told = Told(
            effect[_SEQUENCE],
            effect[_ORDER_ID],
            effect[_TYPE],
            effect[_STATUS],
            effect[_ORDER_LOTS],
            effect[_CUMULATIVE],
            effect[_LEAVES],
            effect[_TRADE_ID],
            effect[_LAST_LOTS],
            effect[_LAST_PRICE],
            effect[_REASON],
            effect[_SIDE],
            effect[_INSTRUMENT],
        )
        self.told.append(told)
        if unpack(told.order_id).sequence > CLIENT_SEQUENCE_MAX:
            # A child of one of its parents: how large it is, it is told.
            self.submitted.setdefault(told.order_id, (told.side, 0))
        if self._stage.is_told:
            self._stage.say(f"   s{self.strategy_id} hears {_sentence(told)}")
        is_refusal = told.execution_type == ExecutionType.REFUSED
        if is_refusal and (told.reason in _REPEATS or self._living.get(told.order_id) is not None):
            return
        if told.leaves_lots:
            self._living[told.order_id] = told
        else:
            self._living.pop(told.order_id, None)
        if told.execution_type == ExecutionType.REJECTED and self._stage.resends_rejected:
            self._stage.timeline.after(NS_PER_MS, self.submit)

    # What it does.

    def act(self) -> None:
        """Does one thing, if the engine runs."""
        if not self.may_act():
            return
        draw = self._random()
        if draw < 0.5 or not self._living:
            self.submit()
        elif draw < 0.62:
            self.submit()
            self._cancel(self._newest())
        elif draw < 0.78:
            self._cancel(self._any())
        elif draw < 0.90:
            self._amend(self._any())
        elif draw < 0.94:
            order_id = self._any()
            self._amend(order_id)
            self._amend(order_id)
        elif draw < 0.97:
            self.send(RecordKind.CANCEL_ALL, instrument_id=ALL_INSTRUMENTS, account_id=ALL_ACCOUNTS)
        else:
            self.send(RecordKind.STATUS_REQUEST, order_id=self._any())

    def may_act(self) -> bool:
        """Whether the engine runs and it has not done enough; counts what it does."""
        if self._stage.run.is_dead or self.action_count >= self._stage.action_limit:
            return False
        self.action_count += 1
        return True

    def next_order_id(self) -> int:
        """The id of one more order."""
        self._order_sequence += 1
        return pack(instance=INSTANCE, epoch=self._epoch, strategy_id=self.strategy_id, sequence=self._order_sequence)

    def submit_plain(self, number: int, side: Side, lots: int, price_ticks: int) -> int:
        """Sends a plain limit order to a site; returns its id."""
        order_id = self.next_order_id()
        self._living[order_id] = None
        self.submitted[order_id] = (int(side), lots)
        self.send(
            RecordKind.NEW_ORDER,
            order_id=order_id,
            instrument_id=number,
            account_id=number,
            side=side,
            order_type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            price_ticks=price_ticks,
            order_lots=lots,
        )
        return order_id

    def submit(self) -> None:
        """Sends a new order of some kind."""
        if self._stage.run.is_dead:
            return
        generator = self._generator
        order_id = self.next_order_id()
        self._living[order_id] = None
        if self._random() < 0.06:
            self.submitted[order_id] = (0, 0)
            self.send(
                RecordKind.TARGET_POSITION,
                order_id=order_id,
                order_type=OrderType.LIMIT,
                time_in_force=TimeInForce.GTC,
                target_lots=generator.randrange(-300, 300),
                price_ticks=MIDDLE_TICKS + generator.randrange(-900, 900),
            )
            return
        # Of a burst on both sides nearly half would meet one's own orders, and never leave.
        side = Side.BUY if self._stage.bursts else generator.choice((Side.BUY, Side.SELL))
        lots = generator.randrange(20, 400)
        terms = self._terms(side, lots)
        self.submitted[order_id] = (int(side), terms["order_lots"])
        self.send(RecordKind.NEW_ORDER, order_id=order_id, side=side, **terms)

    def _terms(self, side: Side, lots: int) -> dict[str, int]:
        """What kind of order it is; most are plain, and some the engine or the venue will refuse."""
        generator = self._generator
        terms: dict[str, int] = {
            "order_type": OrderType.LIMIT,
            "time_in_force": TimeInForce.GTC,
            "price_ticks": MIDDLE_TICKS + generator.randrange(-900, 900),
            "order_lots": lots,
        }
        draw = self._random()
        for share, special in KINDS:
            if draw < share:
                terms |= special(generator, 1 if side == Side.BUY else -1, lots, self._stage.timeline.utc_ns())
                break
            draw -= share
        if "self_trade_prevention" not in terms and self._random() < PREVENTED_SHARE:
            terms["self_trade_prevention"] = generator.choice(PREVENTIONS)
        if self._random() < 0.15:
            terms["execution_timeout_ms"] = generator.randrange(50, 4_000)
        return terms

    def _cancel(self, order_id: int) -> None:
        self.send(RecordKind.CANCEL_ORDER, order_id=order_id)

    def _amend(self, order_id: int) -> None:
        """Another price, a smaller or a larger quantity, or both."""
        generator = self._generator
        known = self._living.get(order_id)
        lots = known.order_lots if known is not None else self.submitted.get(order_id, (0, 100))[1]
        draw = self._random()
        new_lots = 0 if draw < 0.3 else max(lots + generator.randrange(-lots // 2 - 1, lots // 3 + 1), 10)
        price_ticks = MIDDLE_TICKS + generator.randrange(-900, 900) if draw < 0.6 else 0
        price_ticks //= self._stage.sites[known.instrument_id if known is not None else 0].terms.price_scale
        if order_id in self.submitted:
            side, most = self.submitted[order_id]
            self.submitted[order_id] = side, max(most, new_lots) if most else 0
        self.send(RecordKind.AMEND_ORDER, order_id=order_id, price_ticks=price_ticks, order_lots=new_lots)

    def _newest(self) -> int:
        return next(reversed(self._living), 0)

    def _any(self) -> int:
        return self._generator.choice(list(self._living)) if self._living else 0

    def send(self, kind: RecordKind, **fields: int) -> None:
        """Sends a command, and now and then the same again."""
        stage = self._stage
        if stage.run.is_dead:
            return
        self._sequence += 1
        values = {
            "kind": kind,
            "sequence": self._sequence,
            "published_ns": stage.run.now_ns,
            "expires_utc_ns": 1 << 62,
            "max_slippage_bps": AS_CONFIGURED,
            "execution_timeout_ms": AS_CONFIGURED,
            "retry_attempts": AS_CONFIGURED,
            "retry_delay_ms": AS_CONFIGURED,
            **fields,
        }
        words = [values.get(name, 0) for name in _NAMES[kind]]
        words += [0] * (SLOT_WORDS - len(words))
        self._words[:] = array("q", words)
        if stage.is_told:
            stage.say(f"s{self.strategy_id} {kind.name} {_words_of(fields)}")
        stage.run.command(self.strategy_id, self._address)
        if stage.plan.strikes("repeated_command") is not None:
            stage.plan.hit("repeated_command", stage.phase_of_id(values.get("order_id", 0)))
            stage.run.command(self.strategy_id, self._address)


def _sentence(told: Told) -> str:
    name = ExecutionType(told.execution_type).name
    trade = f" trade {told.trade_id}: {told.last_lots} @ {told.last_price_ticks}" if told.trade_id else ""
    return (
        f"{name} {to_text(told.order_id)} {OrderStatus(told.order_status).name} {told.cumulative_lots} of "
        f"{told.order_lots}, leaves {told.leaves_lots}{trade} reason {told.reason}"
    )


def _words_of(fields: dict[str, int]) -> str:
    return " ".join(f"{name}={to_text(value) if name == 'order_id' else value}" for name, value in fields.items())
