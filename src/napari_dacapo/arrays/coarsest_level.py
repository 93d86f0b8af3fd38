"""Of an image in several resolutions the one to read at a wanted voxel size."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import World
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.resample import Method, Resample
from napari_dacapo.errors import UserInputError

ROUNDING = 1e-6  # of a voxel


def at_voxel_size(source: File, wanted: World, method: Method, most_finer: float, root: Path) -> File:
    """The source at its coarsest level that is no coarser than wanted, resampled where that differs.

    Of levels of 4, 8 and 16 nm, 8 is read for 8, and 8 made coarser for 12. Raises UserInputError where the
    finest would have to be made finer by more than `most_finer`, or the axes do not fit.
    """
    levels = list(_levels(source, root))
    if len(wanted) != levels[0].dims:
        problem = f"{levels[0].name} has {levels[0].dims} axes"
        raise UserInputError("voxel_size", wanted, problem, f"Give {levels[0].dims} numbers")
    number = max((n for n, each in enumerate(levels) if _is_as_fine(each, wanted)), default=0)
    found = levels[number].voxel_size
    gain = max(have / want for have, want in zip(found, wanted, strict=True))
    if gain > most_finer * (1 + ROUNDING):
        problem = f"{levels[0].name} has voxels of {found}, {gain:.3g} times coarser"
        raise UserInputError("voxel_size", wanted, problem, "Choose larger voxels, or other data")
    if all(map(math.isclose, found, wanted)):
        return source.replace(level=number)
    step = Resample(voxel_size=wanted, method=method)
    return source.replace(level=number, steps=(*source.steps, step))


def _levels(source: File, root: Path) -> Iterator[Array]:
    """All of them opened, the finest first."""
    for number in itertools.count():
        try:
            yield source.replace(level=number).open(root)
        except UserInputError as error:
            if number and error.field == "level":
                return
            raise


def _is_as_fine(array: Array, wanted: World) -> bool:
    return all(have <= want * (1 + ROUNDING) for have, want in zip(array.voxel_size, wanted, strict=True))
