"""DaCapo's augmentations as ours; one of theirs may be two of ours."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from napari_dacapo.augments.augment import Augment
from napari_dacapo.augments.elastic import Elastic
from napari_dacapo.augments.gamma import Gamma
from napari_dacapo.augments.intensity_scale_shift import IntensityScaleShift
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.augments.rotate import Rotate
from napari_dacapo.augments.transpose import Transpose
from napari_dacapo.errors import UserInputError
from napari_dacapo.from_dacapo.fields import Fields

Augments = tuple[Augment, ...]
PROBABILITY = "augmentation_probability"
LARGEST = "the largest; ours is one number for all axes"
NOTHING_THERE = "it did nothing there, here it does"


def augments_of(fields: Fields, side: float) -> Augments:
    """Ours for one of theirs; `side` is the shortest of a voxel, in world units."""
    if fields.kind not in AUGMENTS:
        raise fields.unknown()
    found = AUGMENTS[fields.kind](fields, side)
    fields.close()
    return found


def _simple(fields: Fields, side: float) -> Augments:
    chance = fields.take(PROBABILITY, "probability of Mirror and Transpose", 1.0)
    return Mirror(probability=chance), Transpose(probability=chance)


def _elastic(fields: Fields, side: float) -> Augments:
    chance = fields.take(PROBABILITY, "probability of Elastic and Rotate", 1.0)
    spacing = _numbers(fields, "control_point_spacing", LARGEST)
    units = f"divided by {side:g}, the shortest side of a voxel: ours counts voxels"
    sigma = _numbers(fields, "control_point_displacement_sigma", units)
    angles = fields.take("rotation_interval", "lowest and highest of Rotate, in degrees", (0, 0))
    subsample = fields.take("subsample", "subsample", 1)
    uniform = fields.take("uniform_3d_rotation", "uniform_3d of Rotate", False)
    made: list[Augment] = []
    if max(sigma) > 0:
        made.append(
            Elastic(
                probability=chance,
                control_point_spacing=max(spacing),
                control_point_displacement_sigma=max(sigma) / side,
                axes=_moved(sigma),
                subsample=subsample,
            )
        )
    lowest, highest = (math.degrees(angle) for angle in angles)
    if uniform or lowest or highest:
        made.append(Rotate(probability=chance, lowest=lowest, highest=highest, uniform_3d=uniform))
    return tuple(made)


def _intensity(fields: Fields, side: float) -> Augments:
    lowest, highest = fields.take("scale", "lowest_scale, highest_scale")
    down, up = fields.take("shift", "lowest_shift, highest_shift")
    clip = fields.take("clip", "clip", True)
    chance = fields.take(PROBABILITY, "probability", 1.0)
    return (_scale_shift((lowest, highest), (down, up), probability=chance, clip=clip),)


def _scale_and_shift(fields: Fields, side: float) -> Augments:
    scale = fields.take("scale", "lowest_scale, highest_scale", why="about the mean of the patch here")
    shift = fields.take("shift", "lowest_shift, highest_shift")
    return (_scale_shift((scale, scale), (shift, shift)),)


def _gamma(fields: Fields, side: float) -> Augments:
    lowest, highest = fields.take("gamma_range", "lowest, highest", why=NOTHING_THERE)
    return (Gamma(lowest=lowest, highest=highest),)


def _scale_shift(scales: tuple[Any, Any], shifts: tuple[Any, Any], **others: Any) -> Augment:
    return IntensityScaleShift(
        lowest_scale=scales[0],
        highest_scale=scales[1],
        lowest_shift=shifts[0],
        highest_shift=shifts[1],
        **others,
    )


def _numbers(fields: Fields, name: str, why: str) -> tuple[float, ...]:
    value = fields.take(name, name, why=why)
    numbers = value if isinstance(value, list | tuple) else (value,)
    if not numbers or not all(isinstance(each, int | float) for each in numbers):
        raise UserInputError(
            f"{fields.place}{name}", value, "a number per axis is wanted", "Complete the file"
        )
    return tuple(map(float, numbers))


def _moved(sigma: tuple[float, ...]) -> tuple[str, ...]:
    names = "zyx"[-len(sigma) :] if len(sigma) in (2, 3) else "zyx"
    return tuple(name for name, each in zip(names, sigma, strict=False) if each > 0)


AUGMENTS: dict[str, Callable[[Fields, float], Augments]] = {
    "SimpleAugment": _simple,
    "ElasticAugment": _elastic,
    "IntensityAugment": _intensity,
    "IntensityScaleShiftAugment": _scale_and_shift,
    "GammaAugment": _gamma,
}
