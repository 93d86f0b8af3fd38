"""Brain tissue as an electron microscope sees it: neurites with membranes, mitochondria, vesicles, synapses.

Everything is painted with sharp edges first and blurred by the microscope then. Lengths in nm; brightness
from 0, black, to 1.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.samples.balls import paint_ball
from napari_dacapo.samples.labelled_image import LabelledImage, Layer
from napari_dacapo.samples.packing import packed
from napari_dacapo.samples.smooth_noise import smooth_noise
from napari_dacapo.samples.tubes import Tubes

MEMBRANE, DENSITY = 0.18, 0.22  # brightness
VESICLE_RIM, VESICLE_CORE = 0.42, 0.72
BLUR = 7.0
VESICLES, SYNAPSES = 4000.0, 25.0  # in a cubic micrometre
SECTION, CUTS = 30.0, 3  # thickness of a section, and layers it is made of


def neurites(shape: Voxels = (128, 128, 128), seed: int = 0) -> LabelledImage:
    """A block with voxels of 8 nm, as a focused ion beam microscope (FIB-SEM) gives it."""
    rng = np.random.default_rng(seed)
    voxel_size = (8.0, 8.0, 8.0)
    painted, labels = _tissue(rng, shape, voxel_size)
    return LabelledImage(_recorded(rng, painted), labels, voxel_size)


def sectioned_neurites(shape: Voxels = (32, 144, 144), seed: int = 0) -> LabelledImage:
    """A series of sections, 30 nm thick, with pixels of 8 nm; some are darker or paler than others."""
    rng = np.random.default_rng(seed)
    cut_shape = (CUTS * shape[0], *shape[1:])
    painted, labels = _tissue(rng, cut_shape, (SECTION / CUTS, 8.0, 8.0))
    sections = painted.reshape(shape[0], CUTS, *shape[1:]).mean(axis=1)
    contrast = rng.normal(1.0, 0.06, (shape[0], 1, 1)).astype(np.float32)
    brightness = rng.normal(0.0, 0.03, (shape[0], 1, 1)).astype(np.float32)
    uneven = 0.5 + (sections - 0.5) * contrast + brightness
    return LabelledImage(_recorded(rng, uneven), labels[CUTS // 2 :: CUTS], (SECTION, 8.0, 8.0))


def neurites_layers() -> list[Layer]:
    """The block as napari layers."""
    return neurites().layers("neurites")


def sectioned_neurites_layers() -> list[Layer]:
    """The series of sections as napari layers."""
    return sectioned_neurites().layers("neurites in sections")


def _tissue(
    rng: np.random.Generator, shape: Voxels, voxel_size: World
) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
    """Brightness and ids, both (z, y, x)."""
    tubes = Tubes.draw(rng, tuple(n * v for n, v in zip(shape, voxel_size, strict=True)))
    labels = packed(tubes, shape, voxel_size)
    painted = _cytoplasm(rng, labels, voxel_size)
    membranes = _outline(labels)
    _paint_vesicles(rng, painted, labels, voxel_size)
    mitochondria = _mitochondria(rng, tubes, labels, voxel_size)
    painted[mitochondria] *= 0.6
    painted[_outline(mitochondria)] -= 0.1
    painted[membranes] = MEMBRANE
    _paint_densities(rng, painted, labels, membranes, voxel_size)
    staining = 1 + 0.06 * smooth_noise(rng, shape, voxel_size, 500)
    blurred: NDArray[np.float32] = ndimage.gaussian_filter(painted * staining, BLUR / np.array(voxel_size))
    return blurred, labels


def _cytoplasm(
    rng: np.random.Generator, labels: NDArray[np.uint16], voxel_size: World
) -> NDArray[np.float32]:
    """A tone for each neurite, some of them dark, with grain."""
    tones = rng.normal(0.67, 0.05, int(labels.max()) + 1)
    tones[rng.random(len(tones)) < 0.2] -= 0.13
    fine = rng.standard_normal(labels.shape, np.float32)
    coarse = smooth_noise(rng, labels.shape, voxel_size, 40)
    cytoplasm: NDArray[np.float32] = tones.astype(np.float32)[labels] + 0.09 * fine + 0.02 * coarse
    return cytoplasm


def _paint_vesicles(
    rng: np.random.Generator, painted: NDArray[np.float32], labels: NDArray[np.uint16], voxel_size: World
) -> None:
    """Small dark rings, crowded in places."""
    crowd = smooth_noise(rng, labels.shape, voxel_size, 180)
    places = rng.integers(0, labels.shape, (_count(labels, voxel_size, VESICLES), 3))
    for place in places[crowd[tuple(places.T)] > 0.8]:
        centre = place * voxel_size
        paint_ball(painted, VESICLE_RIM, labels, voxel_size, centre, 22.0)
        paint_ball(painted, VESICLE_CORE, labels, voxel_size, centre, 11.0)


def _mitochondria(
    rng: np.random.Generator, tubes: Tubes, labels: NDArray[np.uint16], voxel_size: World
) -> NDArray[np.bool_]:
    """(z, y, x) where they are: thick worms along the tubes, with gaps between them."""
    found = np.zeros(labels.shape, np.bool_)
    for centres, radii in zip(tubes.centres[:, 0], tubes.radii[:, 0], strict=True):
        for begin, steps in _stretches(rng, len(radii)):
            profile = np.sqrt(np.sin(np.pi * (np.arange(steps) + 0.5) / steps))
            worm = slice(begin, begin + steps)
            for centre, radius, part in zip(centres[worm], radii[worm], profile, strict=False):
                if radius > 28:
                    paint_ball(found, True, labels, voxel_size, centre, part * min(0.75 * radius, 80.0))
    return found


def _stretches(rng: np.random.Generator, steps: int) -> Iterator[tuple[int, int]]:
    """First step and number of steps of each mitochondrion of a tube."""
    begin = int(rng.integers(0, 20))
    while begin < steps:
        length = int(rng.integers(8, 30))
        yield begin, length
        begin += length + int(rng.integers(15, 60))


def _paint_densities(
    rng: np.random.Generator,
    painted: NDArray[np.float32],
    labels: NDArray[np.uint16],
    membranes: NDArray[np.bool_],
    voxel_size: World,
) -> None:
    """Synapses: dark patches on one side of a membrane."""
    places = np.argwhere(membranes)
    for place in rng.choice(places, _count(labels, voxel_size, SYNAPSES)):
        paint_ball(painted, DENSITY, labels, voxel_size, place * voxel_size, rng.uniform(20, 45))


def _outline(areas: NDArray[Any]) -> NDArray[np.bool_]:
    """The voxels beside one of another value, on both sides."""
    outline = np.zeros(areas.shape, np.bool_)
    for axis in range(areas.ndim):
        values, marks = np.moveaxis(areas, axis, 0), np.moveaxis(outline, axis, 0)
        differ = values[1:] != values[:-1]
        marks[1:] |= differ
        marks[:-1] |= differ
    return outline


def _recorded(rng: np.random.Generator, brightness: NDArray[np.float32]) -> NDArray[np.uint8]:
    noisy = brightness + 0.03 * rng.standard_normal(brightness.shape, np.float32)
    recorded: NDArray[np.uint8] = np.clip(255 * noisy, 0, 255).astype(np.uint8)
    return recorded


def _count(labels: NDArray[np.uint16], voxel_size: World, per_cubic_micrometre: float) -> int:
    return int(per_cubic_micrometre * labels.size * np.prod(voxel_size) / 1e9)
