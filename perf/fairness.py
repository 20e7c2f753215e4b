"""Owns the fairness benchmark: what one client's order waits for while another client floods its own ring.

    strategy, and a client that floods   ---two rings--->   engine, this process
    and venue, one loop on the peer's core

The times are the engine's own: from the moment that the good client published its order to the order's frame. The flood
is all that its ring takes, and all of it is refused: before the journal could fall behind, and the engine refuse
everybody's new orders, the flooded ring is read at a pace.
"""

from functools import partial

from ipc.clock import NS_PER_US
from ipc.histogram import Stage
from perf.fairness_driver import FLOOD_COUNT, FLOODED, QUIET, FairnessDriver
from perf.harness import Run, Side, interleave
from perf.latency import quantile, sample_count
from perf.rows import Goal, Row, make_row, reference_row
from perf.running_engine import RunningEngine, running_engine
from perf.setting import REMOTE_STRATEGY_ID, STRATEGY_ID
from perf.venue_driver import ACKNOWLEDGED, FILLED, OUTCOME

ALONE = "alone"
SIGNAL_INTERVAL_NS = 1_000_000
_STAGES = (Stage.PUBLISHED_SEEN, Stage.SEEN_DECIDED, Stage.DECIDED_ENCODED)


class SharedEngine(RunningEngine):
    """An engine with two clients, of which one may flood it."""

    _flood_before = 0
    flood_least = 1 << 62

    def trade_beside(self, mode: int, count: int) -> dict[str, float]:
        """One repetition; the stages of the good client's orders, in microseconds."""
        histograms = self._segments.latency.words[self._segments.latency.venues + STRATEGY_ID]
        histograms[:] = 0
        self._repeat(mode=mode, count=count, interval_ns=SIGNAL_INTERVAL_NS)
        self._verify_fair(mode, count)
        assert {sample_count(histograms[stage]) for stage in _STAGES} == {count}, "an order was not timed"
        return {
            name: sum(quantile(histograms[stage], share) for stage in _STAGES) / NS_PER_US
            for name, share in (("p50", 0.5), ("p99", 0.99))
        }

    def _verify_fair(self, mode: int, count: int) -> None:
        words, state = self._peer.words, self._segments.state
        assert words[OUTCOME] == 0, self._failure(count)
        self._orders_before += count
        good, wild = (state.table("strategies")[number] for number in (STRATEGY_ID, REMOTE_STRATEGY_ID))
        found = [int(words[ACKNOWLEDGED]), int(words[FILLED]), int(good["command_count"]), int(good["refused_count"])]
        assert found == [count, count, self._orders_before, 0], f"of {count} orders came {found}"
        assert wild["refused_count"] == wild["command_count"], "nothing of the flood is taken"
        taken = int(wild["command_count"]) - self._flood_before
        self._flood_before += taken
        if mode == FLOODED:
            assert taken > count, f"beside {count} orders only {taken} records of the flood were taken"
            self.flood_least = min(self.flood_least, int(words[FLOOD_COUNT]) // count)


def measure(run: Run) -> list[Row]:
    """The rows of fairness."""
    count = run.parameter(smoke=100, full=2_000)
    with running_engine(core=run.core, peer_core=run.peer_core, kind=SharedEngine, driver=FairnessDriver) as engine:
        references: dict[str, Side] = {ALONE: partial(engine.trade_beside, QUIET, count)}
        figures = interleave(run, partial(engine.trade_beside, FLOODED, count), references, tries_again=False)
        run.say("the flood is all that its ring takes, and all of it was refused")
        run.say(f"at least {engine.flood_least} records of it were published beside each order")
    run.say("verified: every order of the good client acknowledged and filled, nothing of it refused, each timed")
    run.say("published_seen, seen_decided and decided_encoded: the sums of their quantiles")
    run.say("risk controls and rate limits are on, each with a finite limit, and a journal process keeps every input")
    what = f"one order each {SIGNAL_INTERVAL_NS // NS_PER_US} us, another client floods"
    rows = []
    for share in ("p50", "p99"):
        key = f"flooded_to_encoded_{share}_us"
        rows.append(
            make_row(
                run,
                figures,
                row="fair",
                key=key,
                what=what,
                figure=share,
                unit="us",
                samples=count * figures.turns,
                reference_name=ALONE,
                goals=(Goal(2, "ratio"),) if share == "p50" else (),
            )
        )
        alone = {"row": "fair", "key": f"alone_to_encoded_{share}_us", "what": "the same, the other client silent"}
        rows.append(reference_row(figures, ALONE, **alone, figure=share, unit="us", samples=count))
    return rows
