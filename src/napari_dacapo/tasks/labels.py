"""What labels may look like."""

import textwrap
from collections.abc import Iterable, Mapping
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


def known_classes(
    known: NDArray[np.bool_], classes: tuple[str, ...], annotated: tuple[str, ...]
) -> NDArray[np.bool_]:
    """(c, (z,) y, x) where each class is known: nowhere for those that are not annotated.

    As it is, ((z,) y, x), where all are. Raises UserInputError for a class that there is not.
    """
    other = next((name for name in annotated if name not in classes), None)
    if other is not None:
        problem = f"the task has no class {other!r:.100}"
        raise UserInputError("annotated", annotated, problem, f"Choose from {shortened(classes)}")
    if not annotated or set(annotated) == set(classes):
        return known
    return np.stack([known if name in annotated else np.zeros_like(known) for name in classes])


def each_class(
    known: NDArray[np.bool_], count: int, dims: int
) -> tuple[NDArray[np.bool_], tuple[NDArray[np.bool_], ...]]:
    """Where any class is known, and where each of so many is, ((z,) y, x) each."""
    if known.ndim == dims:
        return known, (known,) * count
    anywhere: NDArray[np.bool_] = np.any(known, axis=0)
    return anywhere, tuple(known)


def judged_masks(
    masks: Mapping[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]], known: Iterable[NDArray[np.bool_]]
) -> dict[str, tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """What was found and what is true of each class, where it is known."""
    pairs = zip(masks.items(), known, strict=True)
    return {name: (found & own, true & own) for (name, (found, true)), own in pairs}


def shortened(names: Iterable[str]) -> str:
    """The names as a message lists them, at most 100 characters long."""
    return textwrap.shorten(", ".join(names), SHOWN_CHARACTERS, placeholder=" …")
