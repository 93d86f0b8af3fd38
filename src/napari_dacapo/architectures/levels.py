"""Fields that networks share: their bounds, and whether they agree with each other."""

from __future__ import annotations

from math import prod
from typing import Annotated

from pydantic import Field

from napari_dacapo.arrays.box import Voxels

Factors = Annotated[tuple[Annotated[int, Field(ge=1, le=16)], ...], Field(min_length=2, max_length=3)]
Kernel = Annotated[tuple[Annotated[int, Field(ge=1, le=31)], ...], Field(min_length=2, max_length=3)]
Kernels = Annotated[tuple[Kernel, ...], Field(min_length=1, max_length=8)]
Sizes = Annotated[tuple[Annotated[int, Field(ge=1, le=65536)], ...], Field(min_length=2, max_length=3)]
Increases = Annotated[tuple[Annotated[int, Field(ge=0, le=65536)], ...], Field(min_length=2, max_length=3)]

LARGEST_TOTAL_FACTOR = 1024


def usual_kernels(dims: int, levels: int) -> tuple[tuple[Voxels, ...], ...]:
    """Two convolutions of 3 along each axis at each level."""
    return (((3,) * dims,) * 2,) * levels


def check_factors(factors: tuple[Voxels, ...], dims: int) -> None:
    """Raises ValueError unless each level has a factor per axis and the whole is within reason."""
    check_dims(factors, dims)
    for totals in zip(*factors, strict=True):
        if prod(totals) > LARGEST_TOTAL_FACTOR:
            problem = f"the factors of one axis multiply to {prod(totals)}"
            raise ValueError(f"{problem}. Keep their product within {LARGEST_TOTAL_FACTOR}")


def check_kernels(kernels: tuple[tuple[Voxels, ...], ...], dims: int, levels: int) -> None:
    """Raises ValueError unless there are odd kernels of these dimensions for so many levels."""
    if len(kernels) != levels:
        raise ValueError(
            f"it lists {len(kernels)} levels where downsample_factors makes {levels}. "
            f"List {levels}, or none for two kernels of 3 at each"
        )
    for level in kernels:
        check_dims(level, dims)
        if any(size % 2 == 0 for kernel in level for size in kernel):
            raise ValueError("kernels of even size would shift the output by half a voxel. Use odd sizes")


def check_dims(entries: tuple[Voxels, ...], dims: int) -> None:
    """Raises ValueError unless each entry has one number per axis."""
    for entry in entries:
        if len(entry) != dims:
            raise ValueError(f"{entry} has {len(entry)} numbers, this network works in {dims}D. Give {dims}")
