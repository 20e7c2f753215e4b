"""Owns the kill switch from a terminal: it raises a word that the engine sees, and looks at what comes of it."""

from pathlib import Path

from engine.guardian.kill_file import NAME, KillFile
from engine.lifetime import durable_path
from ipc.clock import NS_PER_MS, NS_PER_S, SystemClock
from ipc.control_enums import HaltPhase
from ipc.control_segment import ScopeName
from ipc.enums import ScopeKind, TradingState
from ipc.segment import SegmentError
from tools.answer import print_json
from tools.command_error import CommandError
from tools.control_desk import ControlDesk, checked, parse_scope

_NAP_NS = 5 * NS_PER_MS


def kill(engine: Path, scope_text: str, state: TradingState, *, wait_s: float, as_json: bool) -> bool:
    """Asks for the state; True when the engine has it, and in HALT nothing lives in the scope any more."""
    desk, scope, clock = ControlDesk(engine), parse_scope(scope_text), SystemClock()
    started_ns = clock.monotonic_ns()
    was_halted = desk.is_running() and desk.sight(scope).trading_state is TradingState.HALT
    desk.control.raise_state(scope, desk.request(state))
    if was_halted and state is TradingState.HALT:
        # Nothing rises, so it has to be said: cancel everything once more.
        with desk.operator() as operator:
            checked(operator.set_trading_state(scope.kind, desk.subject_of(scope), state), f"to halt {scope}")
    outcome, taken_ns = "", 0
    while not outcome:
        elapsed_ns = clock.monotonic_ns() - started_ns
        outcome, taken_ns = _outcome(desk, scope, state, elapsed_ns, taken_ns)
        if not outcome and elapsed_ns > wait_s * NS_PER_S:
            outcome = "pending" if taken_ns else "asked"
        clock.sleep_ns(_NAP_NS)
    elapsed_ms = (clock.monotonic_ns() - started_ns) // NS_PER_MS
    if as_json:
        print_json({"scope": str(scope), "trading_state": state.name, "outcome": outcome, "elapsed_ms": elapsed_ms})
    else:
        print(f"{scope}: {state.name} {_SENTENCES[outcome]} after {elapsed_ms} ms")
    return outcome in ("done", "verified")


_SENTENCES = {
    "done": "holds",
    "verified": "holds, and every order in it has ended,",
    "pending": "holds, orders in it still live; oms alarms and oms orders tell which,",
    "asked": "is asked for, but the engine has not taken it up: it hangs, or is ending,",
    "waits": "is asked for, and the next engine of this name starts with it: none runs now,",
}


def _outcome(
    desk: ControlDesk, scope: ScopeName, state: TradingState, elapsed_ns: int, taken_ns: int
) -> tuple[str, int]:
    if not desk.is_running():
        return "waits", 0
    try:
        sight = desk.sight(scope)
    except SegmentError:
        return "", taken_ns
    if sight.trading_state < state:
        return "", taken_ns
    taken_ns = taken_ns or elapsed_ns
    if sight.trading_state is not TradingState.HALT:
        return "done", taken_ns
    return "verified" if sight.halt_phase is HaltPhase.VERIFIED else "", taken_ns


def _check_no_kill_file(desk: ControlDesk, scope: ScopeName) -> None:
    """CommandError while a file asks for what is to be armed: the guardian would raise it again a moment later."""
    folder = durable_path(desk.engine.name)
    file = KillFile(folder, desk.control.scopes)
    # One that is empty asks for everything at the second look.
    if scope in (file.scope(), file.scope()):
        raise CommandError(f"{folder / NAME} halts {scope} for as long as it lies there; remove it, then arm")


def arm(engine: Path, scope_text: str, state: TradingState, *, as_json: bool) -> None:
    """Lets a scope trade again, as far as the state says."""
    desk, scope = ControlDesk(engine), parse_scope(scope_text)
    _check_no_kill_file(desk, scope)
    desk.control.lower_state(scope, desk.request(state))
    before = None
    if desk.is_running():
        subject_id = desk.subject_of(scope)
        with desk.operator() as operator:
            answer = operator.set_trading_state(scope.kind, subject_id, state, is_rearming=True)
        before = TradingState(checked(answer, f"to arm {scope}").before).name
    if as_json:
        print_json({"scope": str(scope), "before": before, "trading_state": state.name})
    elif before is None:
        print(f"{scope}: asks for no more than {state.name} now; what an earlier run left holds until it is armed")
    else:
        others = [str(sight.scope) for sight in desk.sights() if sight.trading_state > state and sight.scope != scope]
        more = f"; still restricted: {', '.join(others)}" if others and scope.kind is ScopeKind.ENGINE else ""
        print(f"{scope}: {state.name}, was {before}{more}")
