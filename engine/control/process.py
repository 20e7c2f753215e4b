"""Owns the control process: checks the configuration, then supervises the engine and its journal."""

import sys
from pathlib import Path

from engine.config import Config, ConfigurationError, load_config
from engine.control.child import OPERATOR_MISTAKE, ChildPlan
from engine.control.supervisor import Supervisor
from engine.event_log import EventLog, LogLevel
from engine.privacy import keep_memory_private, secret_variables
from gateways.environment import hide_variable
from ipc.clock import SystemClock

_STDERR = 2


def plans(config: Config, config_file: Path, ready_file: Path | None) -> list[ChildPlan]:
    """What runs, in the order in which it ends: who guards the engine goes last."""
    ready = () if ready_file is None else ("--ready-file", str(ready_file))
    engine = ("-m", "engine.run", str(config_file), *ready)
    processes = [
        ChildPlan("engine", engine, is_its_end_ours=True, ready_file=ready_file),
        ChildPlan("journal", ("-m", "engine.journal", str(config_file))),
    ]
    if config.guardian.enabled:
        processes.append(ChildPlan("guardian", ("-m", "engine.guardian", str(config_file))))
    return processes


def supervise(config: Config, config_file: Path, ready_file: Path | None) -> int:
    """Runs everything for one configuration until it has ended; returns the exit status."""
    for name in secret_variables(config):
        # Whom we start needs it, nobody else.
        hide_variable(name)
    clock = SystemClock()
    log = EventLog(_STDERR, LogLevel[config.monitoring.log_level], clock)
    processes = plans(config, config_file, ready_file)
    return Supervisor(processes, restarts_max=config.control.restarts_max, clock=clock, log=log).run()


def main(arguments: list[str]) -> int:
    """`python -m engine CONFIG.toml [--ready-file FILE]`; returns the exit status."""
    if not arguments or arguments[0].startswith("-") or len(arguments) not in (1, 3):
        sys.stderr.write("usage: python -m engine CONFIG.toml [--ready-file FILE]\n")
        return OPERATOR_MISTAKE
    config_file = Path(arguments[0])
    ready_file = Path(arguments[2]) if len(arguments) == 3 else None
    keep_memory_private()
    try:
        config = load_config(config_file)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return OPERATOR_MISTAKE
    return supervise(config, config_file, ready_file)
