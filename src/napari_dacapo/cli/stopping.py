"""Stopping long work from outside, so that what it has done is saved."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@dataclass(slots=True)
class Stop:
    """Whether someone wants the work to stop. Before it has begun there is nothing to wait for."""

    signal: int = 0
    begun: bool = False

    def ask(self, number: int, _frame: Any) -> None:
        if not self.begun:
            raise SystemExit(128 + number)
        if not self.signal:
            with suppress(OSError):  # the terminal may be what was closed
                os.write(2, b"\nstopping after this step\n")  # print is not for signal handlers
        self.signal = self.signal or number


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Ctrl-C, a terminate signal and a closed terminal ask to stop, any number of times.

    A signal that the process was started to ignore (nohup, a script's &) stays ignored.
    """
    stop = Stop()
    heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop.ask) for number in heeded}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
