"""From layers of the viewer to a datasplit; works in a thread and knows no layer."""

from __future__ import annotations

from dataclasses import dataclass

from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.layers.saving import save_layer
from napari_dacapo.layers.shown import ShownLayer
from napari_dacapo.store.workspace import Workspace


@dataclass(frozen=True, slots=True, eq=False)
class ChosenLayers:
    """What a person chose."""

    title: str
    image: ShownLayer
    labels: ShownLayer
    mask: ShownLayer | None


def datasplit_of(workspace: Workspace, chosen: ChosenLayers) -> DataSplit:
    """Save the layers into the workspace; a fifth of them, at one side of the longest axis, validates.

    Raises UserInputError for layers that cannot be used.
    """
    image, labels = chosen.image.image(), chosen.labels.labels()
    mask = None if chosen.mask is None else chosen.mask.labels()
    longest = max(range(labels.dims), key=lambda axis: labels.box.size[axis])
    saved = {
        "raw": save_layer(workspace, f"{chosen.title} raw", image),
        "labels": save_layer(workspace, f"{chosen.title} labels", labels),
    }
    if mask is not None:
        saved["mask"] = save_layer(workspace, f"{chosen.title} mask", mask)
    return HeldOutSlab(dataset=Dataset(title=chosen.title, **saved), axis="zyx"[-labels.dims :][longest])
