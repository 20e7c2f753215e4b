"""Owns the client behind the commands that trade by hand, over the engine's ZeroMQ endpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipc.client import Client, connect
from ipc.clock import NS_PER_MS
from ipc.enums import EndReason, OrderStatus, OrderType, Side, TimeInForce
from ipc.events import ExecutionReport, OpenOrder
from ipc.order_id import LEG_BITS, from_text, to_text
from tools.command_error import CommandError
from tools.engines import CLIENTS, find_engine


@dataclass(frozen=True)
class Access:
    """Which engine, and on behalf of which strategy; without name and address the only engine here."""

    engine: str | None
    url: str | None
    strategy: str

    @property
    def local_engine(self) -> Path | None:
        """The folder of an engine of this host; None when an address was given."""
        return find_engine(self.engine) if self.url is None else None

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client of that engine; the strategy is free again afterwards."""
        address = self.url or f"ipc://{find_engine(self.engine) / CLIENTS}"
        with connect(address, strategy=self.strategy) as client:
            yield client


def parse_order_id(text: str) -> int:
    """The order that a number or a client order id names."""
    leg_id = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else from_text(text)
    if leg_id is None or leg_id >> 63:
        raise CommandError(
            f"order {text[:40]!r} is no order id; allowed is a number or a client order id such as {to_text(0)}, "
            "as oms orders shows it"
        )
    return leg_id >> LEG_BITS << LEG_BITS


def open_order_row(order: OpenOrder) -> dict[str, Any]:
    """An open order as a program wants it, with exact decimal text."""
    return {
        "order_id": order.order_id,
        "client_order_id": to_text(order.order_id + order.leg),
        "instrument": order.instrument.name,
        "side": Side(order.side).name,
        "type": OrderType(order.order_type).name,
        "time_in_force": TimeInForce(order.time_in_force).name,
        "quantity": f"{order.quantity:f}",
        "cumulative_quantity": f"{order.cumulative_quantity:f}",
        "leaves_quantity": f"{order.leaves_quantity:f}",
        "price": f"{order.price:f}",
        "stop": f"{order.stop_price:f}" if order.stop_price is not None else None,
        "average_price": f"{order.average_price:f}" if order.average_price is not None else None,
        "version": order.version,
        "order_status": OrderStatus(order.order_status).name,
        # It ended at the venue; fills that the venue counted are still to come.
        "ends_as": EndReason(order.end_wanted).name if order.end_wanted else None,
        # For how long the venue's word on a request is awaited, which is how long an outcome has been unknown.
        "waiting_ms": order.waiting_ns // NS_PER_MS if order.waiting_ns is not None else None,
    }


def order_row(report: ExecutionReport) -> dict[str, Any]:
    """What was reported of an order as a program wants it, with exact decimal text."""
    return {
        "order_id": report.order_id,
        "client_order_id": to_text(report.order_id + report.leg),
        "instrument": report.instrument.name if report.instrument else "",
        "side": Side(report.side).name if report.side else "",
        "order_status": OrderStatus(report.order_status).name,
        "quantity": f"{report.quantity:f}" if report.instrument else "0",
        "cumulative_quantity": f"{report.cumulative_quantity:f}" if report.instrument else "0",
        "leaves_quantity": f"{report.leaves_quantity:f}" if report.instrument else "0",
        "price": f"{report.price:f}" if report.instrument else "0",
        "average_price": f"{report.average_price:f}" if report.instrument and report.cumulative_lots else None,
    }


def table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    """Rows as aligned text under their columns' names."""
    texts = [columns, *(tuple("-" if row[column] is None else str(row[column]) for column in columns) for row in rows)]
    widths = [max(len(text[index]) for text in texts) for index in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(text, widths, strict=True)).rstrip() for text in texts
    )
