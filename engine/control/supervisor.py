"""Owns the life of the processes together: started at once, started again by themselves, ended one after the other."""

import signal
from collections.abc import Sequence

from engine.control.child import OPERATOR_MISTAKE, Child, ChildPlan, Ending
from engine.event_log import EventLog, LogLevel
from ipc.clock import NS_PER_S, Clock

_LONG_S = 3_600.0


class Supervisor:
    """Runs until its processes have ended for good; the first of the plans is the first to end."""

    def __init__(self, plans: Sequence[ChildPlan], *, restarts_max: int, clock: Clock, log: EventLog) -> None:
        self._children = [Child(plan, restarts_max) for plan in plans]
        self._clock = clock
        self._log = log
        self._is_ending = False
        self._exit_status = 0

    def run(self) -> int:
        """Returns the exit status: 0 after an orderly end, else that of the process for which all had to end."""
        requests = _ending_requests()
        heard = {*requests, signal.SIGCHLD}
        # What is blocked waits until it is asked for: nothing can come between a look and the wait that follows.
        signal.pthread_sigmask(signal.SIG_BLOCK, heard)
        for child in self._children:
            child.start(self._clock.monotonic_ns())
        while any(child.is_running or child.due_ns is not None for child in self._children):
            taken = signal.sigtimedwait(heard, self._until_due_s())
            if taken is not None and taken.si_signo in requests:
                self._take_request()
            self._take_endings()
            self._start_due()
        return self._exit_status

    def _until_due_s(self) -> float:
        now_ns = self._clock.monotonic_ns()
        waits = [child.due_ns - now_ns for child in self._children if child.due_ns is not None]
        return max(0, min(waits)) / NS_PER_S if waits else _LONG_S

    def _take_request(self) -> None:
        """The first one ends everything in order; each further one ends at once whatever is awaited."""
        if not self._is_ending:
            self._end_all(0)
            return
        for child in self._children:
            if child.is_running:
                child.kill()
                return

    def _take_endings(self) -> None:
        for child in self._children:
            ending = child.ending() if child.is_running else None
            if ending is None:
                continue
            if self._is_ending:
                self._note_status(ending)
                self._end_next()
            elif ending.status == OPERATOR_MISTAKE:
                # It has told on standard error what to do about it.
                self._end_all(OPERATOR_MISTAKE)
            elif ending.status == 0 and child.plan.is_its_end_ours:
                self._end_all(0)
            else:
                self._plan_restart(child, ending)

    def _note_status(self, ending: Ending) -> None:
        # Who was told to end before it could hear of that ends by the very signal.
        if self._exit_status == 0 and ending.status != -signal.SIGTERM:
            self._exit_status = ending.exit_status

    def _plan_restart(self, child: Child, ending: Ending) -> None:
        now_ns = self._clock.monotonic_ns()
        delay_ns = child.restarts.delay_ns(child.started_ns, now_ns)
        if delay_ns is None:
            self._tell(LogLevel.ERROR, child, ending, "everything ends: it died too often within a minute")
            self._end_all(ending.exit_status or 1)
            return
        self._tell(LogLevel.WARNING, child, ending, f"starts again in {delay_ns / NS_PER_S:g} s")
        child.due_ns = now_ns + delay_ns

    def _tell(self, level: LogLevel, child: Child, ending: Ending, following: str) -> None:
        self._log.write(level, "process_died", process=child.plan.name, reason=ending.reason, next=following)

    def _start_due(self) -> None:
        now_ns = self._clock.monotonic_ns()
        for child in self._children:
            if child.due_ns is not None and now_ns >= child.due_ns:
                child.start(now_ns)

    def _end_all(self, exit_status: int) -> None:
        self._is_ending = True
        self._exit_status = exit_status
        for child in self._children:
            child.due_ns = None
        self._end_next()

    def _end_next(self) -> None:
        for child in self._children:
            if child.is_running:
                child.tell_to_end()
                return


def _ending_requests() -> set[signal.Signals]:
    """What ends us; not the end of a terminal that we were started to outlive (nohup)."""
    requests = {signal.SIGINT, signal.SIGTERM}
    return requests if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else {*requests, signal.SIGHUP}
