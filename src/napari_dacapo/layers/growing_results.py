"""What a run is being applied to, as layers that grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_dacapo.arrays.file import File
from napari_dacapo.blockwise.finished import Finished
from napari_dacapo.blockwise.ledger import read_header
from napari_dacapo.blockwise.segmentation import CLASSES, FILLED, WRITTEN
from napari_dacapo.experiments.applying.volume import BLOCKS, LEDGER, PREDICTING, PREDICTION, SEGMENTATION
from napari_dacapo.experiments.applying.volume_plan import VolumePlan
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.layers.growing import Growing, Stages
from napari_dacapo.layers.growing_channels import GrowingChannels
from napari_dacapo.layers.layer import LayerData, labels, pyramid
from napari_dacapo.layers.results import prediction_layer, prediction_levels


@dataclass(frozen=True, slots=True, eq=False)
class Grown:
    """What became of the layers since one looked last."""

    layers: Sequence[LayerData]  # all of them, where there are more than before; else none
    is_new: bool  # whether there is more to be seen in them


class GrowingResults:
    """Prediction and segmentation in a folder in which `apply` is at work, or was stopped."""

    def __init__(self, folder: RunFolder, output: Path, title: str) -> None:
        self._folder = folder
        self._output = output
        self._title = title
        self._finished = Finished(output / BLOCKS / LEDGER)
        self._prediction: Growing | GrowingChannels | None = None
        self._segmentation: Growing | None = None

    @property
    def is_behind(self) -> bool:
        """Whether something was looked at that is not read yet."""
        return any(image.is_behind for image in self._images)

    def read(self, seconds: float) -> Grown:
        """Read what was looked at, for about so long for each image. Raises what opening an image raises."""
        are_more = self._open()
        new = [image.read(seconds) for image in self._images]
        return Grown(self._layers() if are_more else (), any(new))

    @property
    def _images(self) -> list[Growing | GrowingChannels]:
        return [image for image in (self._prediction, self._segmentation) if image is not None]

    def _open(self) -> bool:
        """Whether images came that were not there before."""
        before = len(self._images)
        ledger = self._output / BLOCKS / LEDGER
        if not ledger.exists():
            return False
        plan = VolumePlan.from_json(read_header(ledger)["plan"])
        axes = "zyx"[-len(plan.block) :]
        if self._prediction is None and (self._output / PREDICTION).exists():
            stages = Stages((PREDICTING,), block=plan.block, level=_levels_of(PREDICTION))
            levels = prediction_levels(self._output / PREDICTION, axes)
            image = Growing if levels[0].channels is None else GrowingChannels
            self._prediction = image(levels, stages, self._finished)
        if self._segmentation is None and (self._output / SEGMENTATION).exists():
            stages = Stages((WRITTEN, CLASSES), (FILLED,), _levels_of(SEGMENTATION), plan.segmented)
            levels = pyramid(File(path=str(self._output / SEGMENTATION), axes=axes), Path())
            self._segmentation = Growing(levels, stages, self._finished)
        return len(self._images) > before

    def _layers(self) -> list[LayerData]:
        layers = []
        if self._prediction is not None:
            run = self._folder.saved_run()
            layers.append(prediction_layer(run, self._prediction.levels, self._title))
        if self._segmentation is not None:
            layers.append(labels(self._segmentation.levels, f"{self._title} segmentation"))
        return layers


def _levels_of(name: str) -> str:
    return f"{Path(name).stem} level "
