"""What a person wants of an image."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.image_metadata import OmeVersion
from napari_dacapo.arrays.source import Source
from napari_dacapo.blockwise.coding import OutputDtype
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.tasks.task import Parameters


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A trained run on an image of any size, and where what comes of it is to lie."""

    folder: RunFolder
    "Of the run."

    source: Source | Array
    "The image; one that is in memory cannot be sent to other processes."

    output: Path
    "The folder that gets prediction and segmentation."

    criterion: str = ""
    "The weights are those that are best by it."

    iteration: int | None = None
    "Or those of this iteration; with neither, the last."

    parameters: Parameters | None = None
    "Of the post-processing. None: those chosen for the run, else the best of validation."

    device: str = "auto"
    "What the network computes on."

    box: Box | None = None
    "Only this part, in world units. None: all."

    dtype: OutputDtype = "float16"
    "What the prediction is stored as."

    mask: Source | Array | None = None
    "Where it is 0, and beyond it, is background; blocks wholly there are left out."

    segmenter: str = ""
    "`module:function` or `file.py:function` in place of the post-processing; it gets the parameters."

    ome_version: OmeVersion = "0.5"
    "Of both images."

    only_predict: bool = False
    "It ends before anything is segmented; the same without this goes on."

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Files and folders that are read."""
        sources = (each for each in (self.source, self.mask) if isinstance(each, Source))
        return tuple(path for each in sources for path in each.paths(self.folder.root))
