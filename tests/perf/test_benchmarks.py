"""Every benchmark runs with tiny parameters, verifies its result and says it in the agreed form."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from perf.__main__ import BENCHMARKS
from perf.rows import MET, MISSED, NOT_MEASURABLE

ROOT = Path(__file__).resolve().parents[2]
ROW_KEYS = {
    "row",
    "key",
    "what",
    "value",
    "unit",
    "better",
    "reference_name",
    "reference",
    "ratio",
    "noise",
    "samples",
    "goal",
    "verdict",
}
EXPECTED_KEYS = {
    "ring": {"ring_rtt_p50_ns", "ring_msgs_per_s", "python_publish_p50_ns"},
    "core": {
        "new_order_p50_ns",
        "new_orders_per_s",
        "life_cycle_ns",
        "growth_new_order",
        "growth_fill",
        "fill_cost_8000",
    },
    "execution": {
        *(
            f"decision_{name}_p50_ns"
            for name in (
                "twap",
                "vwap",
                "pov",
                "iceberg",
                "sweep",
                "sniper",
                "peg",
                "close_out",
                "stop",
                "bracket",
            )
        ),
        "routed_signal_to_bytes_ns",
        "routed_signal_to_bytes_p50_us",
        "routed_signal_to_bytes_p99_us",
        "routed_signal_to_bytes_p999_us",
        "route_decision_8_ns",
        "route_decision_8_p99_ns",
        "market_update_top_ns",
        "market_update_depth_ns",
        "market_update_trades_ns",
        "algorithms_1000_ns",
        "followed_fill_1000_ns",
        "growth_new_order",
        "growth_fill",
        "fill_cost_8000",
    },
    "risk": {"risk_chain_p50_ns"},
    "journal": {"journal_append_p50_ns", "journal_append_p999_ns", "replay_records_per_s"},
    "restart": {"restart_ready_s"},
    "lifecycle": {"life_cycles_per_s", "fill_cost_8000", "scenarios_passed"},
    "start": {"start_cached_s", "start_cold_s", "engine_rss_mb"},
    "kill": {"kill_blocked_us", "kill_asked_us", "kill_cancel_all_us", "kill_cancels_us", "bare_write_us"},
    "fairness": {
        "flooded_to_encoded_p50_us",
        "flooded_to_encoded_p99_us",
        "alone_to_encoded_p50_us",
        "alone_to_encoded_p99_us",
    },
    "signal_to_wire": {
        "signal_to_bytes_p50_us",
        "signal_to_bytes_p99_us",
        "signal_to_bytes_p999_us",
        "signal_to_sent_p50_us",
        "signal_to_ack_p50_us",
        "zmq_to_bytes_p50_us",
        "bare_send_p50_us",
        "picows_echo_p50_us",
        "zmq_rtt_p50_us",
    },
}


def _perf(*arguments: str) -> str:
    command = [sys.executable, "-m", "perf", *arguments]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=550, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)  # an empty kernel cache takes a minute or two to fill
@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_smoke_run_verifies_its_result_and_ends_in_json(name: str) -> None:
    result = json.loads(_perf(name, "--smoke", "--json").splitlines()[-1])
    assert result["name"] == name
    assert {"machine", "floor", "rows"} <= set(result)
    assert {row["key"] for row in result["rows"]} >= EXPECTED_KEYS[name]
    assert any("verified" in note for note in result["notes"])
    for row in result["rows"]:
        assert set(row) == ROW_KEYS
        assert row["value"] > 0
        assert row["better"] in ("lower", "higher")
        assert row["verdict"] in (MET, MISSED, NOT_MEASURABLE, None)
        assert (row["verdict"] is None) == (row["goal"] is None)


def test_without_a_name_the_benchmarks_are_listed() -> None:
    listed = _perf().splitlines()
    assert [line.split()[0] for line in listed] == list(BENCHMARKS)
