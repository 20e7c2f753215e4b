"""`oms latency`: how long each stage of an order's way takes, read from a running engine."""

from pathlib import Path
from typing import Annotated

import typer


def latency(
    engine: Annotated[str | None, typer.Option(metavar="NAME", help="The engine, when there is more than one.")] = None,
    interval: Annotated[
        float, typer.Option(metavar="S", min=0.0, help="Tell every S seconds what was counted in them, until Ctrl-C.")
    ] = 0.0,
    hlog: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the histograms here too, as an HdrHistogram log 1.2.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Answer with a JSON object for each table.")] = False,
) -> None:
    """Show the latency of each stage of an order's way: count, percentiles and maximum."""
    from tools.engines import find_engine  # noqa: PLC0415
    from tools.latency_report import report_latency  # noqa: PLC0415

    report_latency(find_engine(engine), interval_s=interval, log_path=hlog, as_json=json)
