"""Winding tubes of many thicknesses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_dacapo.arrays.box import World

STEP = 16.0  # nm from one ball of a strand to the next
CROSS_SECTION = 9_000.0  # nm^2 that a tube takes up on average
RADIUS = 32.0  # nm of a strand, the median
SPREAD = 0.4  # of the logarithm of that radius
THICK_SHARE, THICKER = 0.06, 2.8  # some are so many times as thick as the others
THINNEST, THICKEST = 22.0, 120.0  # nm
STRANDS = 2  # wind about each other in one tube, so that it is not round


@dataclass(frozen=True, slots=True)
class Tubes:
    """Each tube is a few strands about a common path, each strand a row of balls; lengths in nm."""

    centres: NDArray[np.float64]  # (tube, strand, step, 3) z, y, x
    radii: NDArray[np.float64]  # (tube, strand, step)

    @classmethod
    def draw(cls, rng: np.random.Generator, size: World) -> "Tubes":
        """As many as fill a box that begins at 0, each long enough to cross it."""
        count = int(np.prod(size) / (CROSS_SECTION * np.mean(size))) + 1
        steps = int(2.2 * max(size) / STEP)
        thickness = RADIUS * np.exp(SPREAD * rng.standard_normal(count))
        thickness[rng.random(count) < THICK_SHARE] *= THICKER
        thickness = thickness.clip(THINNEST, THICKEST)[:, None, None]
        paths = _paths(rng, count, steps) + rng.uniform(0, size, (count, 1, 3))
        winding = _along(rng, (count, STRANDS, steps, 3), 6, axis=2)
        swelling = _along(rng, (count, STRANDS, steps), 5, axis=2)
        centres = paths[:, None] + 0.75 * thickness[..., None] * winding
        return cls(centres, thickness * np.exp(0.3 * swelling))


def _paths(rng: np.random.Generator, count: int, steps: int) -> NDArray[np.float64]:
    """(count, steps, 3): random walks that keep their direction for a while, the middle of each at 0."""
    turns = np.cumsum(0.1 * _along(rng, (count, steps, 3), 3, axis=1), axis=1)
    directions = _unit(_unit(rng.standard_normal((count, 1, 3))) + turns)
    paths: NDArray[np.float64] = np.cumsum(STEP * directions, axis=1)
    return paths - paths[:, steps // 2, None]


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return unit


def _along(rng: np.random.Generator, shape: tuple[int, ...], steps: float, axis: int) -> NDArray[np.float64]:
    """Normally distributed, and smooth over so many steps along the axis."""
    noise = ndimage.gaussian_filter1d(rng.standard_normal(shape), steps, axis=axis)
    smooth: NDArray[np.float64] = noise / noise.std()
    return smooth
