"""Owns what is done to an engine that hangs or died: fence, halt, kill, and clear every account."""

from collections.abc import Iterable, Sequence

from engine.event_log import EventLog, LogLevel
from engine.failpoint import is_armed
from engine.guardian.account_line import AccountLine
from engine.guardian.alarm_command import AlarmCommand
from engine.guardian.engine_sight import EngineSight
from engine.guardian.engine_watch import Finding
from ipc.clock import NS_PER_MS, NS_PER_S, Clock
from ipc.control_segment import LEASE_EXPIRED, ControlSegment, Request, ScopeName
from ipc.enums import AlarmCode, ScopeKind, TradingState

NOT_CLEARED_AFTER_NS = 30 * NS_PER_S
_CAUSES = (AlarmCode.ENGINE_HUNG, AlarmCode.ENGINE_DIED)
_OPERATOR = "guardian"
_SPARING = "guardian-spares"


class Takeover:
    """One at a time; while it lasts no engine has a lease, so a next one does not trade."""

    def __init__(  # noqa: PLR0913 - what it acts through
        self,
        control: ControlSegment,
        sight: EngineSight,
        lines: Sequence[AccountLine],
        *,
        command: AlarmCommand,
        clock: Clock,
        log: EventLog,
    ) -> None:
        self._control = control
        self._sight = sight
        self._lines = lines
        self._command = command
        self._clock = clock
        self._log = log
        self._cause = AlarmCode.ENGINE_DIED
        self._begun_ns = 0
        self._clearing: set[str] = set()
        self._is_late = False

    @property
    def is_running(self) -> bool:
        """Whether an account may still have open orders."""
        return bool(self._clearing)

    def take_over(self, finding: Finding, epoch: int) -> None:
        """Precondition: the finding is not NOTHING.

        An engine that died by itself leaves a journal from which the next one knows what was on its way; so if
        nothing is open, that may trade. One that hung is not believed to be gone before it is killed.
        """
        self._cause = AlarmCode.ENGINE_HUNG if finding is Finding.HUNG else AlarmCode.ENGINE_DIED
        # Before anything that may wait for a lock: without a lease nothing but cancels leaves.
        self._control.lease_until_ns = LEASE_EXPIRED
        if finding is Finding.HUNG:
            # Before the fence, from which on a guardian that takes our place finds nothing to take over.
            self._halt(self._lines)
        is_fenced = self._control.fence(epoch)
        is_killed = self.kill() if finding is Finding.HUNG else False
        self.tell(self._cause, epoch=epoch)
        name = self._cause.name
        self._log.write(LogLevel.ERROR, "fenced", epoch=epoch, reason=name, is_fenced=is_fenced, is_killed=is_killed)
        self._clear(self._lines, is_thorough=finding is Finding.HUNG)

    def kill(self) -> bool:
        """Kills an engine that is fenced and still there; one that stands still must never go on."""
        return not is_armed(_SPARING) and self._sight.kill()

    def resume(self) -> None:
        """Goes on with what an earlier guardian began: halted accounts, and whatever an engine left that it fenced."""
        halted = [line for line in self._lines if self._is_halted(line) and self._request_of(line).cause in _CAUSES]
        is_last_fenced = 0 < self._control.engine_epoch <= self._control.fenced_epoch
        if halted:
            self._clear(halted, is_thorough=True)
        elif is_last_fenced:
            self._clear(self._lines, is_thorough=False)

    def turn(self) -> None:
        """Looks how far it is."""
        if not self._clearing:
            return
        now_ns = self._clock.monotonic_ns()
        for line in self._lines:
            if line.name not in self._clearing:
                continue
            if line.has_found_orders:
                self._halt([line])
            if not line.left:
                self._clearing.discard(line.name)
                duration_ms = (now_ns - self._begun_ns) // NS_PER_MS
                self._log.write(LogLevel.WARNING, "account_clear", account=line.name, duration_ms=duration_ms)
            elif not self._is_late and now_ns - self._begun_ns >= NOT_CLEARED_AFTER_NS:
                self._is_late = True
                self.tell(AlarmCode.NOT_CLEARED, account=line.name, left=len(line.left), trouble=line.trouble)

    def tell(self, code: AlarmCode, **facts: str | int) -> None:
        """Raises an alarm of the guardian's own."""
        self._command.tell({"code": code.name, **facts, "raised_utc_ns": self._clock.utc_ns()})

    def _clear(self, lines: Iterable[AccountLine], *, is_thorough: bool) -> None:
        self._control.lease_until_ns = LEASE_EXPIRED
        self._begun_ns = self._clock.monotonic_ns()
        self._is_late = False
        for line in lines:
            self._clearing.add(line.name)
            line.clear(self._begun_ns, is_thorough=is_thorough)

    def _halt(self, lines: Iterable[AccountLine]) -> None:
        """Holds the next engine's orders until a person arms the account again."""
        for line in lines:
            if not self._is_halted(line):
                request = Request(TradingState.HALT, self._cause, self._clock.utc_ns(), _OPERATOR)
                self._control.raise_state(_scope_of(line), request)

    def _is_halted(self, line: AccountLine) -> bool:
        return self._request_of(line).trading_state >= TradingState.HALT

    def _request_of(self, line: AccountLine) -> Request:
        return self._control.request(_scope_of(line))


def _scope_of(line: AccountLine) -> ScopeName:
    return ScopeName(ScopeKind.ACCOUNT, line.name)
