"""Where each class was found rightly, wrongly, or missed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.experiments.results.results import Result, whole
from napari_dacapo.layers.layer import LayerData, placement

VERDICTS = {
    1: ("found", (0.0, 0.62, 0.45, 1.0)),
    2: ("too much", (0.84, 0.37, 0.0, 1.0)),
    3: ("missed", (0.8, 0.47, 0.65, 1.0)),
}
CLEAR = (0.0, 0.0, 0.0, 0.0)
LEGEND = dict(VERDICTS.values())


def class_layers(result: Result, segmentation: NDArray[Any] | None = None) -> list[LayerData]:
    """A labels layer for each class, of the stored segmentation or of another one of the same voxels.

    1 found, 2 found where it is not, 3 missed; 0 elsewhere, and where the truth is unknown. None for
    tasks that find objects, and for classes that were not labelled.
    """
    truth, known = result.truth()
    found = whole(result.segmentation) if segmentation is None else segmentation
    masks = result.run.task.class_masks(found, truth, known)
    title = f"{result.dataset.title} {result.iteration:,}"
    annotated = result.dataset.annotated or tuple(masks)
    return [
        _layer(result, f"{title} {name}", *pair, known) for name, pair in masks.items() if name in annotated
    ]


def verdicts(
    found: NDArray[np.bool_], true: NDArray[np.bool_], known: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Both ((z,) y, x): 1 found, 2 too much, 3 missed, 0 rightly not found or unknown."""
    number = np.where(found, np.where(true, 1, 2), np.where(true, 3, 0))
    return (number * known).astype(np.uint8)


def _layer(
    result: Result, title: str, found: NDArray[np.bool_], true: NDArray[np.bool_], known: NDArray[np.bool_]
) -> LayerData:
    shown = verdicts(found, true, known)
    table = {
        "index": list(VERDICTS),
        "verdict": [name for name, _ in VERDICTS.values()],
        "voxels": [int(np.count_nonzero(shown == number)) for number in VERDICTS],
    }
    colours = {None: CLEAR, 0: CLEAR} | {number: colour for number, (_, colour) in VERDICTS.items()}
    properties = {"name": title, "features": table, "colormap": colours, **placement(result.segmentation)}
    return shown, properties, "labels"
