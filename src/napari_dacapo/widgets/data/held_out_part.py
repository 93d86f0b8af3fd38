"""The part of a dataset that validates: a share at one side, or a box that is drawn."""

from __future__ import annotations

from qtpy.QtCore import Qt, QTimer, Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QGroupBox, QHBoxLayout, QLabel, QPushButton, QWidget
from superqt import QLabeledSlider

from napari_dacapo.arrays.box import Box
from napari_dacapo.config import Config
from napari_dacapo.datasplits.fitting import extent
from napari_dacapo.datasplits.held_out_box import HeldOutBox
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.datasplits.holding_out import HoldingOut
from napari_dacapo.widgets.components.data_facts import DataFacts

SIDES = {"end": "the last", "start": "the first"}
LEAST, MOST = 1, 90  # percent
SETTLES = 100  # milliseconds after the slider's last move


class HeldOutPart(QGroupBox):
    """Shown for datasplits that hold a part out. What a person moves comes as a changed datasplit."""

    moved = Signal(object)  # the HeldOutSlab that is wanted
    draw = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What validates", parent)
        self._record: HoldingOut | None = None
        self.side = QComboBox()
        self.share = QLabeledSlider(Qt.Orientation.Horizontal)
        self.axis = QComboBox()
        self.button = QPushButton("Draw the validation box")
        self.where = QLabel()
        self.where.setWordWrap(True)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLES)
        self._timer.timeout.connect(self._tell)
        self._lay_out()
        self._show_axes("zyx")
        self.side.activated.connect(self._tell)
        self.axis.activated.connect(self._tell)
        self.share.valueChanged.connect(lambda _: self._timer.start())
        self.button.clicked.connect(self.draw)
        self.show_record(None, None)

    def show_record(self, record: Config | None, facts: DataFacts | None) -> None:
        """`facts`: of the data, once they were looked at."""
        self._record = record if isinstance(record, HoldingOut) else None
        self.setVisible(self._record is not None)
        self.button.setEnabled(facts is not None)
        self.button.setToolTip(
            "Draw a rectangle over the image: what lies in it, through all slices, validates."
            if facts is not None
            else "The data cannot be opened yet; see below."
        )
        if facts is not None:
            self._show_axes("zyx"[-len(facts.shape) :])
        self.where.setText(_told(self._record))
        self.where.setVisible(bool(self.where.text()))
        if isinstance(record, HeldOutSlab) and not self._timer.isActive():
            self._show_slab(record)

    def _lay_out(self) -> None:
        for key, text in SIDES.items():
            self.side.addItem(text, key)
        self.share.setRange(LEAST, MOST)
        self.share.setValue(20)
        for widget, name in ((self.side, "side"), (self.share, "share in percent"), (self.axis, "axis")):
            widget.setAccessibleName(f"{name} of what validates")
        self.side.setToolTip("At which side of the data the part lies.")
        self.share.setToolTip("The share of the data, in percent, that validates and does not train.")
        self.axis.setToolTip("The axis that the part is cut off along.")
        share = QHBoxLayout()
        share.addWidget(self.side)
        share.addWidget(self.share, 1)
        rows = QFormLayout(self)
        rows.addRow("percent", share)
        rows.addRow("along", self.axis)
        rows.addRow(self.button)
        rows.addRow(self.where)

    def _show_axes(self, letters: str) -> None:
        if self.axis.count() != len(letters):
            self.axis.clear()
            self.axis.addItems(list(letters))

    def _show_slab(self, record: HeldOutSlab) -> None:
        self.share.blockSignals(True)
        self.share.setValue(round(100 * record.fraction))
        self.share.blockSignals(False)
        self.side.setCurrentIndex(self.side.findData(record.side))
        self.axis.setCurrentText(record.axis)

    def _tell(self, _: int = 0) -> None:
        if self._record is None:
            return
        self.moved.emit(
            HeldOutSlab(
                dataset=self._record.dataset,
                further=self._record.further,
                normalization=self._record.normalization,
                axis=self.axis.currentText(),
                fraction=self.share.value() / 100,
                side=self.side.currentData(),
            )
        )


def _told(record: HoldingOut | None) -> str:
    if isinstance(record, HeldOutBox):
        return f"Now a box validates: {extent(Box(record.begin, record.end))}."
    return ""
