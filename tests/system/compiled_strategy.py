"""A compiled strategy: its whole loop is one kernel. `python -m tests.system.compiled_strategy TASK…`."""

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ipc.client import connect
from ipc.clock import NS_PER_S, SystemClock
from ipc.compiler import kernel
from ipc.enums import OrderStatus, OrderType, RecordKind, SelfTradePrevention, Side
from ipc.memory import monotonic_ns, view
from ipc.records import EXECUTION_REPORT
from ipc.strategy_kernels import poll_report, publish_cancel, publish_new_order, release_report
from tests.system.client_log import REPORT_WORDS
from tests.system.turns import Task
from tests.system.waiting import PATIENCE_S, await_that

ROW_WORDS = len(REPORT_WORDS)
ROWS_MAX = 10_000
SILENT = -1
UNSENT = -2
_MARKET = int(OrderType.MARKET)
_PREVENTION = int(SelfTradePrevention.EXPIRE_TAKER)


@kernel
def is_over(order_status: int) -> bool:
    """Whether an order with this status has ended."""
    return order_status in (
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
        OrderStatus.REJECTED,
        OrderStatus.REFUSED,
    )


@kernel
def note(row: NDArray[np.int64], report: np.void) -> None:
    """Writes a report down, REPORT_WORDS in their order."""
    row[0] = report["order_id"]
    row[1] = report["execution_type"]
    row[2] = report["order_status"]
    row[3] = report["trade_id"]
    row[4] = report["last_lots"]
    row[5] = report["last_price_ticks"]
    row[6] = report["fee_units"]
    row[7] = report["fee_asset_id"]


@kernel
def trade(
    session: int,
    instrument_id: int,
    account_id: int,
    turns: int,
    order_lots: int,
    resting_ticks: int,
    deadline_ns: int,
    rows: NDArray[np.int64],
) -> int:
    """Takes its turns; returns how many rows were written, of which one with a single word is an order sent."""
    count = 0
    for turn in range(turns):
        side = Side.SELL + 0 if turn % 2 else Side.BUY + 0
        taking = publish_new_order(
            session, instrument_id, account_id, side, 0, order_lots, _MARKET, self_trade_prevention=_PREVENTION
        )
        resting = publish_new_order(session, instrument_id, account_id, Side.BUY, resting_ticks, order_lots)
        if taking <= 0 or resting <= 0:
            return UNSENT
        rows[count, 0] = taking
        rows[count + 1, 0] = resting
        count += 2
        living = 2
        while living > 0:
            address = poll_report(session)
            if address == 0:
                if monotonic_ns() > deadline_ns:
                    return SILENT
                continue
            report = view(address, 1, EXECUTION_REPORT)[0]
            if report["kind"] == RecordKind.EXECUTION_REPORT:
                note(rows[count], report)
                count += 1
                if is_over(report["order_status"]):
                    living -= 1
                elif report["order_id"] == resting and report["order_status"] == OrderStatus.NEW:
                    publish_cancel(session, resting)
            release_report(session)
    return count


def main() -> None:
    """Connects, compiles, waits for the sign, trades, and writes down what the kernel noted."""
    task = Task.read(sys.argv[1:])
    rows = np.zeros((ROWS_MAX, ROW_WORDS), np.int64)
    with Path(task.log).open("w", buffering=1) as log, connect(task.address, strategy=task.strategy) as client:
        order = (task.order_lots, task.resting_ticks)
        session, ids = client.session_address, (task.instrument_id, task.account_id)
        trade(session, *ids, 0, *order, 0, rows)
        log.write('{"ready": true}\n')
        await_that(Path(task.begin_file).exists, "the sign to begin")
        deadline_ns = SystemClock.monotonic_ns() + int(PATIENCE_S * NS_PER_S)
        count = trade(session, *ids, task.turns, *order, deadline_ns, rows)
        for row in rows[:count].tolist():
            is_sent = not any(row[1:])
            log.write(json.dumps({"sent": row[0]} if is_sent else dict(zip(REPORT_WORDS, row, strict=True))) + "\n")
        assert count >= 0, "the engine is silent" if count == SILENT else "an order could not be sent"
        log.write('{"ended": true}\n')


if __name__ == "__main__":
    main()
