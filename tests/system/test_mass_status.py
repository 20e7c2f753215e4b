"""A mass status over every transport of a running engine: every open order of the scope, and behind them the end."""

from pathlib import Path
from typing import Any

import pytest

from ipc.client import Client, connect
from ipc.enums import ExecutionType
from ipc.events import ExecutionReport
from tests.system.engine_pair import free_port
from tests.system.engine_site import ENGINE, STRATEGY, EngineSite, rest
from tests.system.installation import Installation, installed
from tests.system.waiting import await_that

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
# The engine tells of them in two steps.
ORDERS = 40


class SocketSite(EngineSite):
    """An engine that listens at a port as well."""

    def __init__(self, installation: Installation) -> None:
        super().__init__(installation)
        self.port = free_port()

    def table(self) -> dict[str, Any]:
        """With the port."""
        return {**super().table(), "ipc": {"zeromq": [f"tcp://127.0.0.1:{self.port}"]}}


def statuses(client: Client, **scope: Any) -> list[ExecutionReport]:
    """What the answer to a mass status holds, its end included."""
    client.mass_status(**scope)
    told: list[ExecutionReport] = []

    def is_over() -> bool:
        told.extend(event for event in client.wait(0.05) if isinstance(event, ExecutionReport))
        return bool(told) and told[-1].execution_type == ExecutionType.STATUS_END

    await_that(is_over, "the end of the mass status")
    return told


def test_a_mass_status_has_an_end_on_every_transport(tmp_path: Path) -> None:
    with installed(tmp_path) as installation:
        site = SocketSite(installation)
        with site.engine():
            for url in (f"shm://{ENGINE}", f"ipc://{site.folder}/clients", f"tcp://127.0.0.1:{site.port}"):
                with connect(url, strategy=STRATEGY) as client:
                    desk = site.desk(client)
                    order_ids = [rest(desk, number) for number in range(ORDERS)]
                    for order_id in order_ids:
                        desk.await_resting(order_id)
                    *told, end = statuses(client, side="buy")
                    assert {report.execution_type for report in told} == {ExecutionType.ORDER_STATUS}
                    assert sorted(report.order_id for report in told) == order_ids
                    assert end.current == ORDERS
                    assert [report.current for report in statuses(client, side="sell")] == [0]
                    desk.cancel_everything()
