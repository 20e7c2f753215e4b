"""Every control decides as its definition in decimals does, below, at and above each limit of each scope.

OMS_RISK_ORDERS says how many orders are asked about; 1,000,000 take about as many milliseconds.
"""

import os
import random
import sys
from collections import Counter

from ipc.compiler import JIT_DISABLED
from ipc.enums import RefusalReason
from tests.engine.risk.boundaries import tighten
from tests.engine.risk.desk import CONTROLS, Desk
from tests.engine.risk.oracle import decide

ORDERS = int(os.environ.get("OMS_RISK_ORDERS", "2000" if JIT_DISABLED else "20000"))
ORDERS_OF_A_DESK = 500
ASKED_ABOUT = {
    RefusalReason.MAX_QUANTITY_EXCEEDED,
    RefusalReason.MAX_NOTIONAL_EXCEEDED,
    RefusalReason.POSITION_LIMIT_EXCEEDED,
    RefusalReason.DUPLICATE_ORDER,
    RefusalReason.NO_REFERENCE_PRICE,
    *(RefusalReason(number) for number in range(59, 73)),
}


def test_the_core_and_the_oracle_agree_on_every_order() -> None:
    told: Counter[RefusalReason] = Counter()
    desk = Desk(random.Random(0))
    for number in range(ORDERS):
        if number % ORDERS_OF_A_DESK == 0:
            desk = Desk(random.Random(number))
        question = desk.question()
        controls = [desk.draw.choice(CONTROLS) for _ in range(desk.draw.choice((1, 1, 2)))]
        for control in controls:
            tighten(desk.draw, question, control)
        desk.lay_limits(question)
        reason, limit = decide(question)
        step = desk.ask(question)
        found = step.refusals[0] if step.refusals else RefusalReason.NONE
        what = f"order {number}, {controls}"
        assert found == reason, f"{what}: {found.name}, the oracle says {RefusalReason(reason).name}"
        if limit is not None:
            assert step.reports[0].limit == limit, f"{what}: the limit of {found.name}"
        told[found] += 1
        desk.go_on(question, step)
    sys.stdout.write("".join(f"{reason.name:<28}{count}\n" for reason, count in sorted(told.items())))
    assert set(told) >= ASKED_ABOUT, f"never provoked: {ASKED_ABOUT - set(told)}"
    assert told[RefusalReason.NONE] > ORDERS // 10, "orders pass as well"
