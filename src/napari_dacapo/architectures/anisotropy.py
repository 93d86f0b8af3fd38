"""Poolings for voxels that are longer along one axis than along the others."""

from __future__ import annotations

from math import prod

from napari_dacapo.arrays.box import Voxels, World

CUBIC = 2.0  # voxels longer than this times their width count as anisotropic


def suggested_factors(voxel_size: World, levels: int) -> tuple[Voxels, ...]:
    """Poolings by 2 along the fine axes first, until voxels are near to cubes.

    Three levels for 40 x 4 x 4 nm: (1, 2, 2) three times, which gives 40 x 32 x 32 nm.
    """
    found = []
    size = voxel_size
    for _ in range(levels):
        factors = tuple(2 if one < CUBIC * min(size) else 1 for one in size)
        size = tuple(one * factor for one, factor in zip(size, factors, strict=True))
        found.append(factors)
    return tuple(found)


def elongation(voxel_size: World, factors: tuple[Voxels, ...] = ()) -> float:
    """The longest side of a voxel over its shortest, after the poolings."""
    sizes = [one * prod(level[axis] for level in factors) for axis, one in enumerate(voxel_size)]
    return max(sizes) / min(sizes)


def pooling_warning(voxel_size: World, factors: tuple[Voxels, ...]) -> str | None:
    """A sentence for poolings that leave long voxels long, with better ones; None if they are fine."""
    better = suggested_factors(voxel_size, len(factors))
    now, then = elongation(voxel_size, factors), elongation(voxel_size, better)
    if elongation(voxel_size) < CUBIC or now < CUBIC or now <= then:
        return None
    sizes = " x ".join(f"{one:g}" for one in voxel_size)
    return (
        f"Voxels of {sizes} stay {now:.3g} times longer than wide with downsample factors {factors}. "
        f"Suggested: {better}, and kernels of 1 along the long axis at the fine levels."
    )
