"""A terminate signal, answered as if a person closed the window: what is unsaved is saved."""

import signal
import threading

from qtpy.QtCore import QCoreApplication

_at_work: set[int] = set()


def quit_on_termination(work: object) -> None:
    """While this is at work: where nobody else answers the signal, quit the application when it comes."""
    _at_work.add(id(work))
    _replace(signal.SIG_DFL, _quit)


def die_on_termination(work: object) -> None:
    """This is no longer at work; with the last one it is as it was before."""
    _at_work.discard(id(work))
    if not _at_work:
        _replace(_quit, signal.SIG_DFL)


def _replace(old: object, new: signal.Handlers | object) -> None:
    in_main_thread = threading.current_thread() is threading.main_thread()  # others may not
    if in_main_thread and signal.getsignal(signal.SIGTERM) is old:
        signal.signal(signal.SIGTERM, new)  # type: ignore[arg-type]


def _quit(number: int, frame: object) -> None:
    QCoreApplication.quit()
