"""Processes are killed at every dangerous place; no order is lost, doubled or guessed.

OMS_KILLS says how many kills, OMS_SEED which ones; 300 take about half an hour.
"""

import os
from pathlib import Path

import pytest

from tests.system.installation import installed
from tests.torture.campaign import Campaign
from tests.torture.torn_site import TornSite
from tests.torture.tracing import can_trace

KILLS = int(os.environ.get("OMS_KILLS", "20"))
SEED = int(os.environ.get("OMS_SEED", "1"))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240 + 30 * KILLS)]


@pytest.mark.skipif(not can_trace(), reason="needs the debug registers of x86-64, and the right to trace the engine")
def test_nothing_is_lost_doubled_or_guessed_when_processes_are_killed(tmp_path: Path) -> None:
    with installed(tmp_path) as installation:
        campaign = Campaign(TornSite(installation, SEED), SEED)
        try:
            campaign.run(KILLS)
        finally:
            print(campaign.table())  # noqa: T201  the table is what a long run is for
        assert campaign.differences == []
        assert campaign.not_reached == []
        assert len(campaign.kills) == KILLS
