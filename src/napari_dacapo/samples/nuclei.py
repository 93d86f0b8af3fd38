"""Nuclei as a fluorescence microscope sees them: touching, bright and dim, some of them out of focus.

Lengths in nm; the light of a usual nucleus is about 0.5.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.samples.balls import paint_ball
from napari_dacapo.samples.labelled_image import LabelledImage, Layer
from napari_dacapo.samples.smooth_noise import smooth_noise

PIXEL = 325.0
AREA = 1.7e8  # nm^2 of image for each nucleus
RADIUS = 6000.0  # the median
SMALL_SHARE, SMALLER, BRIGHTER = 0.06, 0.6, 1.8  # some are condensed
BLURS = (350.0, 900.0, 1900.0)  # of three planes; the first is in focus
SHARES = (0.6, 0.3, 0.1)  # of the nuclei in each plane
HAZE, HAZE_BLUR = 0.35, 9000.0  # light from far out of focus
PHOTONS, GAIN, OFFSET, READ_NOISE = 300.0, 4.0, 100.0, 6.0  # of light 1; of the camera
TRIES = 40  # until a nucleus finds no place


@dataclass(frozen=True, slots=True)
class Nucleus:
    """Where it is, and how it looks."""

    centre: NDArray[np.float64]  # (2,) y, x
    radius: float
    light: float
    plane: int  # which of BLURS


def nuclei(shape: Voxels = (512, 512), seed: int = 0) -> LabelledImage:
    """A uint16 image as a camera gives it, with pixels of 325 nm."""
    rng = np.random.default_rng(seed)
    voxel_size = (PIXEL, PIXEL)
    found = _placed(rng, (shape[0] * PIXEL, shape[1] * PIXEL))
    labels, depth = _outlined(rng, found, shape)
    texture = _chromatin(rng, found, labels, voxel_size)
    light = np.array([0.0, *(nucleus.light for nucleus in found)])[labels] * texture
    light *= np.sqrt(np.clip(1.05 - depth**3, 0, 1))  # thinner towards the outline
    planes = np.array([-1, *(nucleus.plane for nucleus in found)])[labels]
    seen = np.zeros(shape)
    for plane, blur in enumerate(BLURS):
        seen += _blurred(np.where(planes == plane, light, 0), blur)
    return LabelledImage(_recorded(rng, seen + HAZE * _blurred(seen, HAZE_BLUR)), labels, voxel_size)


def nuclei_layers() -> list[Layer]:
    """The nuclei as napari layers."""
    return nuclei().layers("nuclei")


def _placed(rng: np.random.Generator, size: World) -> list[Nucleus]:
    """Nuclei that overlap little; most of them lie beside another."""
    placed: list[Nucleus] = []
    for _ in range(int(np.prod(size) / AREA)):
        is_small = rng.random() < SMALL_SHARE
        radius = RADIUS * np.exp(0.18 * rng.standard_normal()) * (SMALLER if is_small else 1.0)
        light = 0.5 * np.exp(0.35 * rng.standard_normal()) * (BRIGHTER if is_small else 1.0)
        plane = int(rng.choice(len(BLURS), p=SHARES))
        places = (_place(rng, placed, radius, size) for _ in range(TRIES))
        free = next((place for place in places if _is_free(place, placed, radius, size)), None)
        if free is not None:
            placed.append(Nucleus(free, radius, light, plane))
    return placed


def _place(
    rng: np.random.Generator, placed: list[Nucleus], radius: float, size: World
) -> NDArray[np.float64]:
    if not placed or rng.random() < 0.3:
        return rng.uniform(0, size)
    neighbour = placed[rng.integers(len(placed))]
    angle = rng.uniform(0, 2 * np.pi)
    towards = np.array([np.sin(angle), np.cos(angle)])
    beside: NDArray[np.float64] = neighbour.centre + 0.92 * (neighbour.radius + radius) * towards
    return beside


def _is_free(place: NDArray[np.float64], placed: list[Nucleus], radius: float, size: World) -> bool:
    inside = bool(np.all((place >= 0) & (place < size)))
    return inside and all(
        np.linalg.norm(place - other.centre) > 0.85 * (radius + other.radius) for other in placed
    )


def _outlined(
    rng: np.random.Generator, found: list[Nucleus], shape: Voxels
) -> tuple[NDArray[np.uint16], NDArray[np.float64]]:
    """Ids, and how far out each pixel lies: 0 in the middle of its nucleus, 1 on its outline. Both (y, x)."""
    labels = np.zeros(shape, np.uint16)
    depth = np.ones(shape)
    for number, nucleus in enumerate(found, start=1):
        box, y, x = _around(nucleus, shape)
        own = _wavy_ellipse(rng, y, x)
        nearer = own < depth[box]
        labels[box][nearer] = number
        depth[box][nearer] = own[nearer]
    return labels, depth


def _around(
    nucleus: Nucleus, shape: Voxels
) -> tuple[tuple[slice, ...], NDArray[np.float64], NDArray[np.float64]]:
    """The part of the image it lies in, and there y (n, 1) and x (m,) from its centre, in radii."""
    reach = 1.6 * nucleus.radius
    box = tuple(slice(max(0, int((c - reach) / PIXEL)), int((c + reach) / PIXEL) + 1) for c in nucleus.centre)
    y, x = (
        (np.arange(n)[part] * PIXEL - c) / nucleus.radius
        for n, part, c in zip(shape, box, nucleus.centre, strict=True)
    )
    return box, y[:, None], x


def _wavy_ellipse(
    rng: np.random.Generator, y: NDArray[np.float64], x: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n, m) distance from the centre; 1 on the outline, a random ellipse with 2, 3 and 4 waves around it."""
    turn, stretch = rng.uniform(0, np.pi), rng.uniform(1, 1.25)
    along = (np.cos(turn) * y + np.sin(turn) * x) / stretch
    across = (np.cos(turn) * x - np.sin(turn) * y) * stretch
    angle = np.arctan2(along, across)
    outline = np.ones_like(angle)
    for waves in (2, 3, 4):
        height, phase = 0.07 / (waves - 1) * rng.standard_normal(), rng.uniform(0, 2 * np.pi)
        outline += height * np.cos(waves * angle + phase)
    distance: NDArray[np.float64] = np.hypot(along, across) / outline
    return distance


def _chromatin(
    rng: np.random.Generator, found: list[Nucleus], labels: NDArray[np.uint16], voxel_size: World
) -> NDArray[np.float32]:
    """(y, x) about 1: grains, and one to four dark nucleoli in each nucleus."""
    texture = np.ones(labels.shape, np.float32)
    for nucleus in found:
        for _ in range(rng.integers(1, 5)):
            place = nucleus.centre + 0.35 * nucleus.radius * rng.standard_normal(2)
            paint_ball(texture, 0.55, labels, voxel_size, place, nucleus.radius * rng.uniform(0.1, 0.22))
    texture *= 1 + 0.22 * smooth_noise(rng, labels.shape, voxel_size, 1800)
    texture += 0.1 * smooth_noise(rng, labels.shape, voxel_size, 900)
    return texture.clip(0.3)


def _blurred(light: NDArray[np.float64], blur: float) -> NDArray[np.float64]:
    blurred: NDArray[np.float64] = ndimage.gaussian_filter(light, blur / PIXEL)
    return blurred


def _recorded(rng: np.random.Generator, light: NDArray[np.float64]) -> NDArray[np.uint16]:
    """What the camera makes of it: uneven illumination, a background with a gradient, photons, read noise."""
    y, x = (np.linspace(-0.5, 0.5, n) for n in light.shape)
    angle = rng.uniform(0, 2 * np.pi)
    illumination = 1 - 0.5 * (y[:, None] ** 2 + x**2)
    background = 0.05 + 0.04 * (np.sin(angle) * y[:, None] + np.cos(angle) * x)
    photons = rng.poisson(PHOTONS * (light * illumination + background))
    read = OFFSET + GAIN * photons + READ_NOISE * rng.standard_normal(light.shape)
    recorded: NDArray[np.uint16] = np.clip(read, 0, 65535).astype(np.uint16)
    return recorded
