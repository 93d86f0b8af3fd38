"""What is done when Qt deletes an object."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from qtpy.QtCore import QObject


def when_deleted(thing: QObject, act: Callable[..., None], *args: Any) -> None:
    """Call it then; it must hold no widget.

    Python may collect what it knows of `thing` before Qt deletes it, and every lambda and partial that only a
    signal of `thing` holds with it: PyQt6 then calls an empty shell, which ends the program. So it is held
    here until then, and the signal knows no more than a method of it.
    """
    awaited = _Awaited(partial(act, *args))
    _AWAITED.add(awaited)
    thing.destroyed.connect(awaited.come)


class _Awaited:
    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act

    def come(self) -> None:
        _AWAITED.discard(self)
        self._act()


_AWAITED: set[_Awaited] = set()
