"""Owns the life-cycle benchmark: whole lives, a fill after thousands, the races, beside NautilusTrader."""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

from ipc.clock import NS_PER_S
from perf.core_load import Counted, filled_in_parts, life_cycle
from perf.core_world import Size
from perf.harness import Figures, Run, Side, interleave
from perf.lifecycle_scenarios import SCENARIOS, Desk
from perf.reference.nautilus import NAME, VERSION, Nautilus, NotInstalledError, install
from perf.rows import Goal, Row, make_row

_EARLIER_FILLS = 8_000
_EDGE_FILLS = 400
_REFERENCE = f"{NAME} {VERSION}"


def _lives(counted: Counted, lives: int) -> dict[str, float]:
    return {"lives": NS_PER_S / life_cycle(counted, lives)["life_cycle"]}


def _their_costs(nautilus: Nautilus, lives: int) -> dict[str, float]:
    costs = nautilus.ask(lives=lives, fills=_EARLIER_FILLS + _EDGE_FILLS, edge=_EDGE_FILLS)
    return {"lives": NS_PER_S / costs["life_cycle"], "fill": costs["fill"]}


def _passed(found: list[bool]) -> dict[str, float]:
    return {"passed": float(sum(found))}


def measure(run: Run) -> list[Row]:
    """The rows, and the table of scenarios among the notes."""
    with ExitStack() as stack:
        nautilus, missing = None, "left out of a smoke run"
        if not run.smoke:
            try:
                nautilus = stack.enter_context(Nautilus(install()))
            except NotInstalledError as error:
                missing = f"not installed: {error}"
        rows = [*_cost_rows(run, nautilus, missing), _scenario_row(run, nautilus, missing)]
    run.say("verified: orders, fills, lots, refusals, open orders, frames and reports; every scenario's outcome")
    run.say("ours is command, every control, frame, acknowledgement, fill and reports; theirs is `order.apply` alone")
    run.say("theirs runs with its garbage collector off, events made beforehand")
    return rows


def _cost_rows(run: Run, nautilus: Nautilus | None, missing: str) -> list[Row]:
    lives = run.parameter(smoke=50, full=20_000)
    fills = run.parameter(smoke=100, full=_EARLIER_FILLS + _EDGE_FILLS)
    small = Counted(Size(instruments=10, strategies=1, live_orders=100))

    def ours() -> Mapping[str, float]:
        return {**_lives(small, lives), **filled_in_parts(small, fills, first=False)}

    references: dict[str, Side] = {_REFERENCE: partial(_their_costs, nautilus, 2_000)} if nautilus else {}
    figures = interleave(run, ours, references)
    edge = min(_EDGE_FILLS, fills // 4)
    return [
        make_row(
            run,
            figures,
            row="P2",
            key="life_cycles_per_s",
            what="new order, acknowledgement, fill",
            figure="lives",
            unit="order/s",
            samples=lives * figures.turns,
            better="higher",
            reference_name=_REFERENCE,
            missing=missing,
            goals=(Goal(2_000_000),),
        ),
        make_row(
            run,
            figures,
            row="P7",
            key="fill_cost_8000",
            what=f"fills {fills - edge:,} to {fills:,} of one order",
            figure="fill",
            unit="ns",
            samples=edge * figures.turns,
            reference_name=_REFERENCE,
            missing=missing,
        ),
    ]


def _scenario_row(run: Run, nautilus: Nautilus | None, missing: str) -> Row:
    ours = [Desk().play(scenario) for scenario in SCENARIOS]
    found = [scenario.is_met_by(facts) for scenario, facts in zip(SCENARIOS, ours, strict=True)]
    wrong = [scenario.name for scenario, is_met in zip(SCENARIOS, found, strict=True) if not is_met]
    assert not wrong, f"our core stands wrong after: {', '.join(wrong)}"
    figures = Figures()
    figures.add_ours(_passed(found), _passed(found))
    if nautilus:
        theirs = nautilus.ask(scenarios=[scenario.events for scenario in SCENARIOS])
        judged = [scenario.is_met_by(facts) for scenario, facts in zip(SCENARIOS, theirs, strict=True)]
        figures.add_reference(_REFERENCE, _passed(judged))
        run.say(f"{_REFERENCE} stands wrong after {len(SCENARIOS) - sum(judged)} of {len(SCENARIOS)} scenarios:")
        for scenario, facts, is_met in zip(SCENARIOS, theirs, judged, strict=True):
            demanded = f"{'/'.join(scenario.statuses)} {scenario.filled}"
            said = f" ({facts['said']})" if facts["said"] else ""
            verdict = "right" if is_met else "wrong"
            run.say(f"  {verdict:5} {scenario.name:46} {facts['status']} {facts['filled']}{said}; right: {demanded}")
    return make_row(
        run,
        figures,
        row="R1",
        key="scenarios_passed",
        what=f"of {len(SCENARIOS)} named races",
        figure="passed",
        unit="count",
        samples=len(SCENARIOS),
        better="higher",
        reference_name=_REFERENCE,
        missing=missing,
    )
