"""Owns the guardian's duty cycle: watch, lease, kill file, alarms; everything that takes long is asked, not awaited."""

from collections.abc import Sequence

from engine.event_log import EventLog, LogLevel
from engine.guardian.account_line import AccountLine
from engine.guardian.alarm_command import AlarmCommand
from engine.guardian.alarm_table import AlarmTable
from engine.guardian.engine_sight import EngineSight
from engine.guardian.engine_watch import EngineWatch, Finding
from engine.guardian.kill_file import KillFile
from engine.guardian.takeover import Takeover
from ipc.clock import NS_PER_MS, NS_PER_S, Clock
from ipc.control_segment import ControlSegment, Request
from ipc.enums import AlarmCode, TradingState

RENEW_LEASE_NS = 50 * NS_PER_MS
LEASE_NS = 2 * NS_PER_S
"""Longer than a guardian that died needs to come back."""
READ_ALARMS_NS = 100 * NS_PER_MS
DISCONNECTED_AFTER_NS = 10 * NS_PER_S


class Guardian:
    """Everything of one engine's guardian; `turn` is called some forty times a second."""

    def __init__(  # noqa: PLR0913 - its parts
        self,
        *,
        control: ControlSegment,
        watch: EngineWatch,
        sight: EngineSight,
        lines: Sequence[AccountLine],
        kill_file: KillFile,
        alarms: AlarmTable,
        command: AlarmCommand,
        clock: Clock,
        log: EventLog,
    ) -> None:
        self.takeover = Takeover(control, sight, lines, command=command, clock=clock, log=log)
        self._control = control
        self._watch = watch
        self._sight = sight
        self._lines = lines
        self._kill_file = kill_file
        self._alarms = alarms
        self._command = command
        self._clock = clock
        self._log = log
        self._renewed_ns = self._read_ns = 0
        self._connected_ns = {line.name: clock.monotonic_ns() for line in lines}
        self._disconnected: set[str] = set()

    def turn(self) -> bool:
        """Does what is due; whether there is still something to guard: a running engine, or open orders."""
        control, now_ns = self._control, self._clock.monotonic_ns()
        sighting = self._sight.look(control)
        finding = self._watch.look(sighting, control.fenced_epoch, now_ns)
        if finding is not Finding.NOTHING:
            self.takeover.take_over(finding, sighting.epoch)
        elif sighting.is_alive and sighting.epoch <= control.fenced_epoch:
            self.takeover.kill()
        self.takeover.turn()
        if not self.takeover.is_running and now_ns - self._renewed_ns >= RENEW_LEASE_NS:
            self._renewed_ns = now_ns
            control.lease_until_ns = now_ns + LEASE_NS
        self._heed_kill_file()
        if now_ns - self._read_ns >= READ_ALARMS_NS:
            self._read_ns = now_ns
            self._tell_alarms()
            self._check_connections(now_ns)
        is_trading = sighting.is_alive and sighting.beat_ns != 0 and sighting.epoch > control.fenced_epoch
        return is_trading or self.takeover.is_running

    def _heed_kill_file(self) -> None:
        scope = self._kill_file.scope()
        # Also where the word stands already: whoever wrote it may have died before he said so.
        if scope and self._control.raise_state(scope, Request(TradingState.HALT, 0, self._clock.utc_ns(), "file")):
            self._log.write(LogLevel.ERROR, "kill_file", scope=str(scope))

    def _tell_alarms(self) -> None:
        for alarm in self._alarms.new_alarms():
            self._command.tell(alarm)

    def _check_connections(self, now_ns: int) -> None:
        for line in self._lines:
            name = line.name
            if line.is_connected:
                self._connected_ns[name] = now_ns
                self._disconnected.discard(name)
            elif name not in self._disconnected and now_ns - self._connected_ns[name] >= DISCONNECTED_AFTER_NS:
                self._disconnected.add(name)
                self.takeover.tell(AlarmCode.GUARDIAN_DISCONNECTED, account=name, trouble=line.trouble)
