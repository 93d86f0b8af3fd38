"""What segmenting will take, told before it begins."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_dacapo.store.workspace import Workspace
from napari_dacapo.widgets.applying import applied_work
from napari_dacapo.widgets.applying.applied_work import Told, Wish
from napari_dacapo.widgets.work.newest import Newest

if TYPE_CHECKING:
    from napari_dacapo.errors import DacapoError
    from napari_dacapo.experiments.applying.estimate import Estimate, Pace

LOOKS = "Looks what it takes …"


class EstimateLine(QWidget):
    """Sizes at once, the time as soon as a block was measured.

    Once for each network and size of block, and once more where an image is copied first.
    """

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._paces: dict[tuple[object, ...], Pace] = {}
        self._wish: Wish | None = None  # the last one
        self._looking = Newest(self)
        self._looking.failed.connect(self._say_failure)
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setAccessibleName("what segmenting takes")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text)

    @property
    def is_busy(self) -> bool:
        return self._looking.is_busy

    def say(self, sentence: str) -> None:
        """In the place of an estimate."""
        self._wish = None
        self._looking.forget()
        self.text.setText(sentence)

    def tell(self, wish: Wish) -> None:
        """What it takes, or why it cannot be."""
        if self._wish is None:  # what was said in its place is over
            self.text.setText(LOOKS)
        self._wish = wish
        self._looking.wish(applied_work.told, self._workspace, wish, then=partial(self._show, wish))

    def _show(self, wish: Wish, told: Told) -> None:
        if wish is not self._wish:
            return
        place = (wish.run, wish.device, told.estimate.block)
        pace = self._paces.get(place)
        if pace is not None and told.estimate.copied and not pace.copied:
            pace = None
        self.text.setText("\n".join(_lines(told.estimate, pace) + list(told.notices)))
        if pace is None:
            self._looking.wish(
                applied_work.pace_of, self._workspace, wish, then=partial(self._keep, place, wish, told)
            )

    def _keep(self, place: tuple[object, ...], wish: Wish, told: Told, pace: Pace) -> None:
        self._paces[place] = pace
        self._show(wish, told)

    def _say_failure(self, error: DacapoError) -> None:
        if self._wish is not None:
            self.text.setText(str(error))


def _lines(estimate: Estimate, pace: Pace | None) -> list[str]:
    shape = " x ".join(f"{n:,}" for n in estimate.shape)
    blocks = "1 block" if estimate.blocks == 1 else f"{estimate.blocks:,} blocks"
    done = f", {estimate.done:,} done" if estimate.done else ""
    done += f", {estimate.left_out:,} outside of the mask" if estimate.left_out else ""
    takes = "measures a block …" if pace is None else f"{lasting(estimate.seconds(pace))}"
    disk = f"Disk: {size(estimate.disk)} at most, {size(estimate.free_disk)} free."
    memory = f"Memory: about {size(estimate.memory)}, {size(estimate.free_memory)} free."
    return [
        f"{shape} voxels, {blocks}{done}, on {estimate.device}: {takes}",
        f"{disk} {memory}",
        *estimate.problems,
    ]


def lasting(seconds: float) -> str:
    """4000 is "about 1 h 7 min", 50 "about 50 s"."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"about {hours} h {minutes} min" if hours < 48 else f"about {round(hours / 24)} days"


def size(count: int) -> str:
    """3_200_000_000 bytes are "3.2 GB"."""
    for power, unit in ((4, "TB"), (3, "GB"), (2, "MB")):
        if count >= 1000**power:
            return f"{count / 1000**power:.3g} {unit}"
    return f"{count / 1000:.3g} kB"
