"""The simulated venue: a matching engine behind the venue's own wire protocol, in its own process.

It shares no code with the gateways that connect to it, so that a misreading of a venue's protocol cannot
cancel itself out. `python -m gateways.simulator --demo` starts one; tests and benchmarks write

    async with SimulatedVenue(VenueConfig(accounts=(…))) as venue:
        venue.port, venue.log, venue.exchange, venue.faults
"""

from gateways.simulator.config import (
    AccountConfig,
    ConfigurationError,
    FlowConfig,
    InstrumentConfig,
    KeyConfig,
    LatencyConfig,
    LimitsConfig,
    SessionConfig,
    VenueConfig,
    load_config,
)
from gateways.simulator.faults import FaultRule
from gateways.simulator.keys import generate_ed25519, generate_hmac, generate_rsa
from gateways.simulator.server import SimulatedVenue

__all__ = [
    "AccountConfig",
    "ConfigurationError",
    "FaultRule",
    "FlowConfig",
    "InstrumentConfig",
    "KeyConfig",
    "LatencyConfig",
    "LimitsConfig",
    "SessionConfig",
    "SimulatedVenue",
    "VenueConfig",
    "generate_ed25519",
    "generate_hmac",
    "generate_rsa",
    "load_config",
]
