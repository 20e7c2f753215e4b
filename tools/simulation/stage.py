"""Owns one seed: its world, its engine over all its runs, and how it ends."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial
from random import Random
from typing import NamedTuple

from engine.recovery.carry_over import carry_over
from gateways.query_budget import ANSWER_TIMEOUT_NS as QUESTION_TIMEOUT_NS
from gateways.simulator.orders import Order
from ipc.clock import NS_PER_MS, NS_PER_S
from ipc.enums import ConnectionState
from tools.simulation.auditor import Auditor
from tools.simulation.balances import TOLD_NS
from tools.simulation.block_view import phase_of_row
from tools.simulation.checker import Log, judge, judge_parents
from tools.simulation.client import Client
from tools.simulation.engine_run import EngineRun
from tools.simulation.faults import FaultPlan
from tools.simulation.journal import Journal, ReplayDifferenceError
from tools.simulation.moments import plan_moments
from tools.simulation.policies import Policy
from tools.simulation.setting import ANSWER_TIMEOUT_NS, EXPIRY_MARGIN_NS, RECEIVE_WINDOW_MS, STRATEGIES
from tools.simulation.site import Site
from tools.simulation.timeline import START_NS, UTC_BASE_NS, Timeline
from tools.simulation.violation import ViolationError
from tools.simulation.workshop import Workshop

ACTIVE_NS = 6 * NS_PER_S
QUIET_NS_MAX = 90 * NS_PER_S
RESOLVE_NS = ANSWER_TIMEOUT_NS + QUESTION_TIMEOUT_NS + RECEIVE_WINDOW_MS * NS_PER_MS + EXPIRY_MARGIN_NS + 2 * NS_PER_S
"""How long an outcome may stay unknown while the connection stands and nothing goes wrong: until a missing answer
is noticed, the last lost question is asked again and the request can no longer be accepted, and 2 s more."""
SWEEP_NS = 12 * NS_PER_S
"""In which everything that is open has been asked for once."""
_FOUND_IN_TURN = frozenset(
    (
        "lost_event",
        "delayed_event",  # by a connection that another takes over from
        "lagging_status",
        "lagging_trades",
        "lagging_list",
        "half_open",
        "malformed_event",
        "binary_event",
    )
)
"""After these something may be left out without a doubt: a spare connection takes over, a replica answers."""
_LOOK_EVERY_NS = 250 * NS_PER_MS
_HISTORY_SHARE = 0.8
"""Of the seeds begin with an engine that has traded before; only one that has can say what it missed."""
_TRADES_BEFORE = 1_000
_BURST_SHARE = 0.03
_BURST_ORDERS = 35


class Options(NamedTuple):
    """What can be taken away from a seed to make it smaller."""

    dropped: frozenset[str] = frozenset()
    active_ns: int = ACTIVE_NS
    action_limit: int = 1_000
    has_parents: bool = False
    """Whether the strategies also send parents, and there are two venues at which they can be worked."""


class Stage:
    """A seed being played."""

    def __init__(
        self,
        workshop: Workshop,
        seed: int,
        options: Options,
        *,
        policy: Policy | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.workshop = workshop
        self.setting = workshop.setting
        self.seed = seed
        self._say = say
        self.timeline = Timeline()
        self.plan = FaultPlan(seed, dropped=options.dropped)
        self.action_limit = options.action_limit
        self.has_parents = options.has_parents
        self.active_end_ns = START_NS + options.active_ns
        world = Random(seed ^ 0x5EED)
        self.has_spare = world.random() < 0.3
        self.sites = [
            Site(self, number, terms, Random(world.random())) for number, terms in enumerate(self.setting.sites)
        ]
        self.clients = [Client(self, strategy_id, Random(world.random())) for strategy_id in STRATEGIES]
        self.market_random = Random(world.random())
        self.resends_rejected = False
        self.has_history = world.random() < _HISTORY_SHARE
        self.bursts = world.random() < _BURST_SHARE
        self.crash_count = 0
        self.trace = 0
        self._run_class = EngineRun if policy is None else policy.run_class
        if policy is not None and policy.prepare is not None:
            policy.prepare(self)
        self._history: dict[int, list[list[int]]] = {client.strategy_id: [] for client in self.clients}
        self._boot_offset_ns = 0
        self._lost_since_ns: int | None = None
        self._began_ns = 0
        workshop.reset()
        self.auditor = Auditor(self)
        for site in self.sites:
            self._prepare(site)
        self.epoch = 1
        self.run = self._boot()

    def _prepare(self, site: Site) -> None:
        """Gives a site its past and those who watch it."""
        if self.has_history:
            site.venue.book.trade_id = _TRADES_BEFORE
            holding = self.workshop.live.state.table("holdings")[site.holding_place]
            holding["known_before_trade_id"] = _TRADES_BEFORE + 1
            site.balances.know_opening()
        if self.has_parents:
            site.open_market()
        site.network.placed = partial(self.auditor.arrived, site)

    # The course of a seed.

    def play(self) -> None:
        """Plays the seed to its end; ViolationError when something is wrong."""
        timeline = self.timeline
        for site in self.sites:
            site.venue.trade(buys=True, price_ticks=6_498_900, lots=200_000, rests=True)
            site.venue.trade(buys=False, price_ticks=6_501_100, lots=200_000, rests=True)
        self.run.start()
        self._welcome()
        timeline.after(_LOOK_EVERY_NS, self._look)
        world = self.market_random
        for client in self.clients:
            for _ in range(world.randrange(3, 11)):
                timeline.at(START_NS + int((0.03 + world.random() * 0.9) * ACTIVE_NS), client.act)
            if self.bursts:
                for place in range(_BURST_ORDERS):
                    timeline.at(START_NS + NS_PER_S + place * 60 * NS_PER_MS, client.submit)
            if client.parents is not None:
                client.parents.plan()
        plan_moments(self)
        timeline.run_until(self.active_end_ns)
        self._end_faults()
        self._come_to_rest()
        self._let_differences_show()
        self.auditor.look_at_venue()
        for client in self.clients:
            client.catch_up(last_sequence=self._last_sequence(client.strategy_id))
        self.auditor.at_rest()
        self._replay(is_whole=True)
        verdict = self.verdict()
        if verdict:
            raise ViolationError("checker", "; ".join(verdict))
        self.trace = zlib.crc32(b"%d" % self.workshop.live.header("trace"), self.trace)

    def verdict(self) -> list[str]:
        """What the independent checker finds wrong, from the logs alone."""
        books = self.workshop.live.state.table("books")["position_lots"].reshape(-1, len(self.sites)).tolist()
        logs = [Log(site.venue.log.records, site.terms.price_scale, site.terms.lot_scale) for site in self.sites]
        return judge(
            logs,
            [(client.submitted, client.told, client.forgotten) for client in self.clients],
            [books[client.strategy_id] for client in self.clients],
        ) + judge_parents(logs, [client.parents for client in self.clients if client.parents])

    def say(self, text: str) -> None:
        """Writes a line of the seed's story, when somebody reads it."""
        if self._say is not None:
            self._say(f"{(self.timeline.now_ns - START_NS) / NS_PER_S:9.6f} {text}")

    @property
    def is_told(self) -> bool:
        """Whether somebody reads the story."""
        return self._say is not None

    def history(self, strategy_id: int) -> list[list[int]]:
        """All that the engine has told a strategy, over all its runs: the journal's event stream."""
        return [*self._history[strategy_id], *self.run.told[strategy_id]]

    def phase_of_id(self, order_id: int, account_id: int = 0) -> str:
        """In which phase an order is; the account is that of an order that is not known."""
        live = self.workshop.live
        row = live.order(order_id)
        return phase_of_row(row, live.connection(account_id if row is None else row["account_id"]))

    def any_site(self, generator: Random) -> Site:
        """One of them by chance."""
        return self.sites[0] if len(self.sites) == 1 else generator.choice(self.sites)

    def open_orders(self) -> list[Order]:
        """Our open orders at all venues."""
        return [order for site in self.sites for order in site.venue.open_orders()]

    # The life of the engine.

    def engine_died(self, run: EngineRun, *, lost_since_ns: int | None = None) -> None:
        """An engine process is gone; another is started after a while."""
        live = self.workshop.live
        point = run.crash_point
        for phase in live.living_phases() or ["ended"]:
            self.plan.hit(point, phase)
        self.say(f"!! {point}")
        run.die()
        self.crash_count += 1
        self._lost_since_ns = lost_since_ns
        self.trace = zlib.crc32(b"%d" % live.header("trace"), self.trace)
        self.timeline.after(50 * NS_PER_MS + self.market_random.randrange(400) * NS_PER_MS, self._restart)

    def _restart(self) -> None:
        old = self.run
        lost = self._lost_since_ns
        if lost is not None:
            old.journal.lose_tail(lost)
            # The machine starts anew, and its monotonic clock with it.
            self._boot_offset_ns = self.timeline.now_ns - 20 * NS_PER_S
        self._replay(is_whole=lost is None and old.crash_point != "crash_before_apply")
        spare = self.workshop.spare
        self.workshop.reset()
        self.epoch = self.run.next_epoch(self.epoch)
        self.run = self._boot()
        self._carry_over(spare)
        self.run.journal.base = self.workshop.live.state.memory.tobytes()
        self.auditor.began(old.journal.entries)
        for client in self.clients:
            client.catch_up(last_sequence=self._last_sequence(client.strategy_id))
        self._welcome()
        self.run.start()

    def _boot(self) -> EngineRun:
        header = self.workshop.live.state.header
        header["epoch"] = self.epoch
        header["now_ns"] = self.timeline.now_ns - self._boot_offset_ns
        header["utc_offset_ns"] = UTC_BASE_NS + self._boot_offset_ns
        header["boot_id"] = 1 + (self._boot_offset_ns != 0)
        journal = Journal(self.workshop.live.state.memory.tobytes())
        return self._run_class(self, journal, boot_offset_ns=self._boot_offset_ns)

    def _carry_over(self, spare: object) -> None:
        may_lack_end = self._lost_since_ns is not None
        carry_over(self.workshop.spare, self.workshop.live.state, may_lack_end=may_lack_end)

    def _replay(self, *, is_whole: bool) -> None:
        """Replays the journal into the spare block; what it gives must be what was seen."""
        run, spare, live = self.run, self.workshop.spare, self.workshop.live
        try:
            effects = run.journal.replay(spare)
        except ReplayDifferenceError as error:
            raise ViolationError("I12", str(error)) from error
        for strategy_id, told in run.told.items():
            replayed = [effect for effect in effects if effect[0] == strategy_id and effect[1] != 96]
            shared = min(len(told), len(replayed))
            if replayed[:shared] != told[:shared]:
                raise ViolationError("I12", f"strategy {strategy_id} was told something else than what replay gives")
            run.told[strategy_id] = replayed
        if is_whole:
            end = int(spare.header["effects_offset"])
            # The first word of all is the sequence lock.
            if not (spare.memory[8:end] == live.state.memory[8:end]).all():
                raise ViolationError("I12", "the replayed block is another one")
        if run.is_dead:
            for strategy_id, told in run.told.items():
                self._history[strategy_id] += told
                run.told[strategy_id] = []

    def _last_sequence(self, strategy_id: int) -> int:
        return int(self.workshop.live.state.table("strategies")["report_sequence"][strategy_id])

    def _welcome(self) -> None:
        for client in self.clients:
            client.engine_is_back(self.epoch)

    # The end.

    def _look(self) -> None:
        if not self.run.is_dead:
            self.auditor.look_at_venue()
        if self.timeline.now_ns < self.active_end_ns:
            self.timeline.after(_LOOK_EVERY_NS, self._look)

    def _end_faults(self) -> None:
        self.plan.is_over = True
        self.say("-- the faults are over")
        for site in self.sites:
            site.network.refuses_until_ns = 0
        self._began_ns = self.timeline.now_ns

    def _come_to_rest(self) -> None:
        """Lets time pass until nothing is open to doubt; ViolationError when that takes too long."""
        timeline, live = self.timeline, self.workshop.live
        end_ns = timeline.now_ns + QUIET_NS_MAX
        live_since_ns = 0
        # What a standing connection left out, or a replica did not know, comes to light when its turn comes.
        sweep_ns = SWEEP_NS if any(name in _FOUND_IN_TURN for name, _ in self.plan.hits) else 0
        while timeline.now_ns < end_ns:
            timeline.run_until(timeline.now_ns + _LOOK_EVERY_NS)
            if self.run.is_dead or any(state is not ConnectionState.LIVE for state in self._connections()):
                live_since_ns = 0
                continue
            live_since_ns = live_since_ns or timeline.now_ns
            for client in self.clients:
                if client.parents is not None:
                    client.parents.cancel_endless()
            if self._is_at_rest() and timeline.now_ns - live_since_ns >= sweep_ns:
                return
            if timeline.now_ns - live_since_ns > sweep_ns + RESOLVE_NS and not self._in_transit():
                break
        if self._living_parents():
            self.auditor.parents_at_rest()
        doubtful = [row for row in live.living() if row["is_unknown"] or row["pending_new_ns"]]
        raise ViolationError(
            "I11",
            f"{(timeline.now_ns - self._began_ns) / NS_PER_S:.1f} s after the last fault: session "
            f"{[state.name for state in self._connections()]}, {self._in_transit()} frames under way, "
            f"in doubt {doubtful}",
        )

    def _let_differences_show(self) -> None:
        """Lets more words of the venue come where balances may differ."""
        end_ns = self.timeline.now_ns + TOLD_NS
        while any(site.balances.is_open for site in self.sites) and self.timeline.now_ns < end_ns:
            self.timeline.run_until(self.timeline.now_ns + _LOOK_EVERY_NS)

    def _connections(self) -> list[ConnectionState]:
        return [self.workshop.live.connection(site.number) for site in self.sites]

    def _in_transit(self) -> int:
        return sum(site.network.in_transit for site in self.sites)

    def _living_parents(self) -> int:
        return self.workshop.live.header("living_parent_count")

    def _is_at_rest(self) -> bool:
        if self._living_parents():
            return False
        if self._in_transit() or any(wire.is_silent for site in self.sites for wire in site.network.wires):
            return False
        return not any(
            (row["is_unknown"] and row["strategy_id"] != 0)
            or row["pending_new_ns"]
            or row["pending_cancel_ns"]
            or row["pending_replace_ns"]
            or row["retry_at_ns"]
            or row["release_at_ns"]
            or row["execution_deadline_ns"]
            or row["cancel_wanted"]
            or row["replace_state"]
            for row in self.workshop.live.living()
        )
