"""Owns the demonstration's last words to people."""

from tools.demo.session import DemoResult
from tools.latency_summary import table_lines


def report_lines(result: DemoResult) -> list[str]:
    """Latency, outcomes, position, fees, slippage, and whether the venue agrees."""
    outcome = result.outcome
    counts = {
        "filled": outcome.count("FILLED"),
        "canceled": outcome.count("CANCELED"),
        "expired": outcome.count("EXPIRED"),
        "rejected": outcome.count("REJECTED"),
        "refused": outcome.count("REFUSED"),
        "unknown": outcome.unknown,
    }
    slippage = {kind: outcome.slippage_bps(kind) for kind in ("market", "limit")}
    costs = ", ".join(f"{kind} {bps:+.2f} bps" for kind, bps in slippage.items() if bps is not None)
    fees = ", ".join(f"{fee} {asset}" for asset, fee in sorted(outcome.fees().items()))
    differences = [*result.log_differences, *result.balance_differences]
    return [
        "",
        *table_lines(result.latency_ns),
        "",
        f"orders    {len(outcome.orders)} sent, {len(outcome.acknowledged)} acknowledged: "
        + ", ".join(f"{count} {name}" for name, count in counts.items()),
        *(f"          {count} refused: {reason}" for reason, count in outcome.refusals.most_common()),
        f"fills     {len(outcome.trades)}",
        f"position  {outcome.position}",
        f"fees      {fees or 'none'}",
        f"slippage  {costs or 'nothing traded'} against the middle of the book when sent; positive is a cost",
        f"proof     the venue's log {'differs' if result.log_differences else 'agrees'}, "
        f"its balances {'differ' if result.balance_differences else 'agree'}",
        *(f"          {difference[:200]}" for difference in differences[:10]),
        f"{'done' if result.is_proven else 'FAILED'} in {result.seconds:.1f} s",
    ]
