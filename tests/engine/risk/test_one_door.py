"""There is one door: no new order, amendment or replacement reaches a venue but through the chain of controls.

What is proven by reading has its controls: each check taken away, each guard taken away, and a way around are noticed.
"""

import ast
from pathlib import Path

import pytest

from tests.engine.risk.call_graph import ALLOWED, CORE, DOOR, Core, sources

ROOT = CORE.parent.parent
SOURCES = sources()
# Where something is checked and then leaves.
DOORWAYS = {
    "attempts.try_again",
    "completion.send_replacing_leg",
    "new_order.place_order",
    "release.release_order",
    "versions.carry_on",
    "versions.on_amend_order",
}

CHECKS = {DOOR, "amend._check_risk", "amend.check_change", "new_order._check_risk", "release._priced_and_checked"}
# They answer with what the chain has said, after the order has left.
COMMANDS = {
    "child_orders.reprice_child",
    "new_order.on_new_order",
    "new_order.place_order",
    "target_position.on_target_position",
    "versions.on_amend_order",
}


def test_whatever_leaves_has_passed_the_chain_of_controls() -> None:
    core = Core(SOURCES)
    assert core.openings() == set()
    assert core.guarded() == DOORWAYS
    assert core.checking == CHECKS | COMMANDS


def test_only_what_takes_away_is_let_out_unchecked() -> None:
    assert {"RequestKind.CANCEL", "RequestKind.CANCEL_ALL"} == ALLOWED
    literal = {
        ast.unparse(call.args[2])
        for function in Core(SOURCES).functions.values()
        for call in function.calls()
        if function.called(call) == "effects.request_venue"
    }
    assert literal == {"RequestKind.NEW", "RequestKind.CANCEL", "request_kind"}


def _check_calls() -> list[tuple[str, str]]:
    """Every call of a checking function, by its module and text."""
    core = Core(SOURCES)
    return sorted(
        {
            (function.name.partition(".")[0], ast.unparse(call))
            for function in core.functions.values()
            for call in function.calls()
            if function.called(call) in CHECKS
        }
    )


def _changed(module: str, old: str, new: str) -> Core:
    text = ast.unparse(ast.parse(SOURCES[module]))
    assert old in text, f"{old} is not in {module}"
    return Core({**SOURCES, module: text.replace(old, new)})


@pytest.mark.parametrize(("module", "call"), _check_calls())
def test_a_check_that_is_taken_away_is_noticed(module: str, call: str) -> None:
    assert _changed(module, call, "passed()").openings() != set()


@pytest.mark.parametrize("module", ["attempts", "completion", "new_order", "release", "versions"])
def test_a_refusal_that_is_not_heeded_is_noticed(module: str) -> None:
    assert _changed(module, "if verdict.reason != 0:", "if verdict.reason < 0:").openings() != set()


@pytest.mark.parametrize("module", ["attempts", "completion", "release", "versions"])
def test_a_check_that_is_not_always_reached_is_noticed(module: str) -> None:
    tree = ast.parse(SOURCES[module])
    names = {name.partition(".")[2] for name in CHECKS}

    class Sometimes(ast.NodeTransformer):
        def visit_Assign(self, node: ast.Assign) -> ast.stmt:
            is_check = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in names
            return ast.If(ast.Name("sometimes", ast.Load()), [node], []) if is_check else node

    text = ast.unparse(ast.fix_missing_locations(Sometimes().visit(tree)))
    assert Core({**SOURCES, module: text}).openings() != set()


@pytest.mark.parametrize(
    "call",
    [
        "requests.send_leg(state, order)",
        "requests.send_further_leg(state, order)",
        "requests.send_replacement(state, order, 1)",
        "amend.start_amendment(state, order, change, 1)",
        "effects.request_venue(state, order, RequestKind.AMEND, 1, 1, 1)",
        "effects.request_of_account(state, RequestKind.NEW, 0, 0)",
    ],
)
def test_a_way_around_is_noticed(call: str) -> None:
    module, _, rest = call.partition(".")
    name = rest.partition("(")[0]
    around = f"from engine.core.{module} import {name}\ndef leave(state, order, change):\n    {rest}\n"
    assert "around.leave" in Core({**SOURCES, "around": around}).openings()


def _users_of(names: set[str], folder: Path) -> set[tuple[str, str]]:
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Name | ast.alias):
                word = node.id if isinstance(node, ast.Name) else node.name
                if word in names:
                    found.add((str(path.relative_to(ROOT)), word))
    return found


def test_nothing_outside_the_core_asks_a_venue_for_an_order() -> None:
    sending = {name.partition(".")[2] for name in Core(SOURCES).sending} | {"request_venue", "request_of_account"}
    outside = [
        user
        for folder in ("engine", "gateways", "ipc", "tools")
        for user in _users_of(sending, ROOT / folder)
        if not user[0].startswith("engine/core/")
    ]
    assert outside == []


def test_a_frame_of_an_order_comes_about_from_what_the_core_asks_for() -> None:
    users = {path for path, _ in _users_of({"encode_request"}, ROOT / "engine")}
    assert users == {"engine/spin/routing.py"}
    makers = {path.name for path in CORE.glob("*.py") if "RecordKind.VENUE_REQUEST\n" in path.read_text()}
    assert makers == {"effects.py"}
    methods = ("order.place", "order.amend", "order.cancelReplace")
    naming = {
        str(path.relative_to(ROOT))
        for folder in ("engine", "gateways")
        for path in (ROOT / folder).rglob("*.py")
        if "simulator" not in path.parts and any(f'b"{method}' in path.read_text() for method in methods)
    }
    assert naming == {"gateways/binance_spot/templates.py"}
