"""One number in a line, exactly as it is."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from operator import ge, gt, le, lt

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QLineEdit

from napari_dacapo.widgets.forms.declared import Declared
from napari_dacapo.widgets.forms.words import number

DIRECTIONS: dict[int, int] = {Qt.Key.Key_Up.value: 1, Qt.Key.Key_Down.value: -1}
BOUNDS = {"ge": ge, "gt": gt, "le": le, "lt": lt}
FIRST_STEP = Decimal("0.1")  # from 0
STEPPED_DIGITS = 3  # 0.333333 goes to 0.334


class NumberLine(QLineEdit):
    """Up and down step by one in the last digit shown: 1e-5, 2e-5; 0.15, 0.16; 92, 93."""

    def __init__(self, field: Declared) -> None:
        super().__init__()
        self._field = field

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        direction = DIRECTIONS.get(event.key()) if event else None
        if direction is None:
            super().keyPressEvent(event)
            return
        text = stepped(self._field, self.text(), direction)
        if text != self.text():
            self.setText(text)
            self.textEdited.emit(text)


def stepped(field: Declared, text: str, direction: int) -> str:
    """The next number up or down; the text itself where there is none, or it is no number."""
    try:
        now = Decimal(text.strip())
    except InvalidOperation:
        return text
    if not now.is_finite():
        return text
    is_whole = field.annotation is int
    exact = now + direction * (Decimal(1) if is_whole else _step(now, direction))
    value = int(exact) if is_whole else float(exact)
    limits = ((within, field.bound(name)) for name, within in BOUNDS.items())
    return number(value) if all(limit is None or within(value, limit) for within, limit in limits) else text


def _step(now: Decimal, direction: int) -> Decimal:
    if not now:
        return FIRST_STEP
    _, _, exponent = now.normalize().as_tuple()
    step = Decimal(1).scaleb(min(0, max(int(exponent), now.adjusted() - STEPPED_DIGITS + 1)))
    # down from 0.1 comes 0.09, not nothing
    return step / 10 if abs(now) == step and direction * now < 0 else step
