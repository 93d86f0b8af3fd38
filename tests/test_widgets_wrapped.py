"""Buttons that find room for all their words."""

from itertools import pairwise

import pytest
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget

from napari_dacapo.widgets.parts.wrapped import GAP, Wrapped


@pytest.mark.parametrize(("width", "rows"), [(320, [3]), (210, [2, 1]), (110, [1, 1, 1])])
def test_buttons_fill_as_many_rows_as_they_need(qtbot, width: int, rows: list[int]) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    buttons = [QPushButton(text) for text in ("one", "two", "three")]
    for button in buttons:
        button.setMinimumWidth(100)
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.addLayout(Wrapped(buttons))
    column.addStretch(1)
    window.resize(width, 200)
    window.show()
    qtbot.waitExposed(window)
    tops = sorted({button.y() for button in buttons})
    assert [sum(button.y() == top for button in buttons) for top in tops] == rows
    for top in tops:
        row = [button for button in buttons if button.y() == top]
        assert row[0].x() == 0 and row[-1].geometry().right() == width - 1
        assert all(b.x() - a.geometry().right() - 1 == GAP for a, b in pairwise(row))
