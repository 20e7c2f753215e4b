"""Owns what a benchmark prints: the table for people, one line of JSON for machines."""

import json
from dataclasses import asdict

from perf.floor import Floor, Overhead
from perf.rows import Row

_HEADINGS = ("row", "key", "what", "ours", "unit", "reference", "", "ratio", "A/A", "samples", "goal", "verdict")
_RIGHT = {3, 6, 7, 8, 9}


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.row,
        row.key,
        row.what,
        _number(row.value),
        row.unit,
        row.reference_name or "-",
        _number(row.reference),
        f"{row.ratio:.3f}" if row.ratio is not None else "-",
        f"{row.noise * 100:.1f} %",
        f"{row.samples:,}",
        row.goal or "-",
        row.verdict or "-",
    )


def table(rows: list[Row]) -> str:
    """The rows under one another, columns as wide as their widest cell."""
    lines = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADINGS))]

    def aligned(line: tuple[str, ...]) -> str:
        cells = (
            cell.rjust(width) if column in _RIGHT else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    return "\n".join([aligned(lines[0]), "  ".join("-" * width for width in widths), *map(aligned, lines[1:])])


def heading(machine: dict[str, object], floors: tuple[Floor, ...], overhead: Overhead) -> str:
    """The machine, its floor and our own overhead."""
    packages = machine["packages"]
    assert isinstance(packages, dict)
    lines = [
        f"machine   {machine['cpu']}, {machine['cores_usable']} cores usable, governor {machine['governor']}, "
        f"load {machine['load_average']:.2f}",
        f"          {machine['kernel']}, Python {machine['python']}, "
        + ", ".join(f"{name} {number}" for name, number in packages.items()),
        f"commit    {machine['commit']}",
    ]
    lines += [
        f"floor     core {floor.core}: p50 {floor.p50_ns:.0f} ns, p99 {floor.p99_ns:,.0f} ns, "
        f"p99.9 {floor.p999_ns:,.0f} ns, max gap {floor.max_gap_ns:,.0f} ns, "
        f"{floor.long_gaps_per_s:,.0f} gaps over 10 us per second"
        for floor in floors
    ]
    lines.append(
        f"overhead  one sample costs {overhead.compiled_ns:.0f} ns in compiled code, "
        f"{overhead.python_ns:.0f} ns in Python; figures include it unless their row says otherwise"
    )
    return "\n".join(lines)


def as_json(name: str, machine: dict[str, object], floors: tuple[Floor, ...], rows: list[Row], notes: list[str]) -> str:
    """The result as one line."""
    return json.dumps(
        {
            "name": name,
            "machine": machine,
            "floor": [floor.as_json() for floor in floors],
            "rows": [asdict(row) for row in rows],
            "notes": notes,
        },
        separators=(",", ":"),
    )
