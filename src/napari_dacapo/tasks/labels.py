"""What labels may look like."""

import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.errors import UserInputError

SHOWN_CHARACTERS = 100  # of names in a message


def refuse_channels(labels: NDArray[Any], known: NDArray[np.bool_]) -> None:
    """Raises UserInputError for labels with a channel axis, where one id a voxel is wanted."""
    if labels.ndim > known.ndim:
        problem = f"they have {len(labels)} channels; this task takes one id a voxel"
        raise UserInputError("labels", f"shape {labels.shape}", problem, "Select one channel of the labels")


def refuse_other_classes(labels: NDArray[Any], known: NDArray[np.bool_], classes: tuple[str, ...]) -> None:
    """Raises UserInputError for an id, where it is known, that is no place in `classes`."""
    highest = int(labels.max(where=known, initial=0))
    if highest >= len(classes):
        table = shortened(f"{place} {name}" for place, name in enumerate(classes))
        fix = "Name a class for it, or choose labels of these classes"
        raise UserInputError("labels", highest, f"no class has this id; there are {table}", fix)


def shortened(names: Iterable[str]) -> str:
    """The names as a message lists them, at most 100 characters long."""
    return textwrap.shorten(", ".join(names), SHOWN_CHARACTERS, placeholder=" …")
