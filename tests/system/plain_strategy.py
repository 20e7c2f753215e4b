"""A strategy in plain Python over shared memory: `python -m tests.system.plain_strategy TASK…`."""

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from ipc.client import Client, connect
from ipc.enums import ENDED_STATUSES, OrderStatus, OrderType, SelfTradePrevention, Side
from ipc.events import ExecutionReport
from tests.system.client_log import REPORT_WORDS
from tests.system.installation import INSTRUMENT, LOT
from tests.system.turns import Task
from tests.system.waiting import PATIENCE_S, await_that


def trade(client: Client, task: Task, log: TextIO) -> None:
    """Takes its turns and writes down what it is told."""
    order = {"instrument_id": task.instrument_id, "account_id": task.account_id, "order_lots": task.order_lots}
    quantity = Decimal(LOT) * task.order_lots
    for turn in range(task.turns):
        side = Side.SELL if turn % 2 else Side.BUY
        taking = client.submit(
            INSTRUMENT,
            side,
            quantity,
            order_type=OrderType.MARKET,
            self_trade_prevention=SelfTradePrevention.EXPIRE_TAKER,
        )
        resting = client.submit_ticks(side=Side.BUY, price_ticks=task.resting_ticks, **order)
        for order_id in (taking, resting):
            log.write(json.dumps({"sent": order_id}) + "\n")
        living = {taking, resting}
        while living:
            events = client.wait(PATIENCE_S)
            assert events, "the engine is silent"
            for report in events:
                if not isinstance(report, ExecutionReport):
                    continue
                log.write(json.dumps({word: getattr(report, word) for word in REPORT_WORDS}) + "\n")
                if report.order_status in ENDED_STATUSES:
                    living.discard(report.order_id)
                elif report.order_id == resting and report.order_status == OrderStatus.NEW:
                    client.cancel(resting)


def main() -> None:
    """Connects, waits for the sign and trades."""
    task = Task.read(sys.argv[1:])
    with Path(task.log).open("w", buffering=1) as log, connect(task.address, strategy=task.strategy) as client:
        log.write('{"ready": true}\n')
        await_that(Path(task.begin_file).exists, "the sign to begin")
        trade(client, task, log)
        log.write('{"ended": true}\n')


if __name__ == "__main__":
    main()
