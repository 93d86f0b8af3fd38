"""A task that fits the labels."""

from __future__ import annotations

import math

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.datasplits.ids import as_painted
from napari_dacapo.experiments.suggesting.measurements import Measurements
from napari_dacapo.postprocessors.connected_components import ConnectedComponents
from napari_dacapo.postprocessors.distance_watershed import DistanceWatershed
from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.signed_distance import SignedDistance
from napari_dacapo.tasks.task import Task

MOST_CLASSES = 12
FEWEST_PARTS = 3  # connected parts; an object has one, or two where it leaves the window and comes back
TOUCHING = 0.1  # share of surfaces; above, distances would melt objects together
UNBOUNDED = 0.5  # share of surfaces beyond which nothing is known; above, no distance to a boundary is known
FILLS = {2: math.pi / 4, 3: math.pi / 6}  # of its box that a ball fills
NEARLY_BALL = 0.75  # of that
DEEPEST, SHALLOWEST = 25, 2  # voxels of a distance's scale
LONGEST = 30  # voxels of an affinity's offset

Suggested = tuple[Task, tuple[int, ...], str]  # the task, ids that it needs as 1, 2, 3, and why


def suggested_task(found: Measurements) -> Suggested:
    """Classes where few ids are scattered over the image, otherwise objects."""
    if found.label_channels:
        return _by_channel(found)
    if len(found.ids) == 1:
        return _one_class(found)
    if len(found.ids) <= MOST_CLASSES and found.parts >= FEWEST_PARTS:
        return _several_classes(found)
    if found.unbounded > UNBOUNDED:
        return _strokes(found)
    return _separate_objects(found) if found.touching < TOUCHING else _touching_objects(found)


def _by_channel(found: Measurements) -> Suggested:
    task = SignedDistance(channels=found.label_channels, postprocessor=Threshold())
    return (
        task,
        (),
        f"The labels have {len(found.label_channels)} channels, each a class that may overlap others.",
    )


def _one_class(found: Measurements) -> Suggested:
    (id,) = found.painted
    if found.ids == (1,) and not found.has_strays:
        return OneHot(), (), f"All that is labelled has the id {id}: foreground, on background."
    if found.unbounded > UNBOUNDED:
        return _strokes(found)
    task = SignedDistance(channels=("foreground",), postprocessor=Threshold())
    return task, (), f"All that is labelled has the id {id}: one class, told by its distance to background."


def _several_classes(found: Measurements) -> Suggested:
    count = len(found.ids)
    reason = f"There are {count} ids, each in {found.parts:,.0f} pieces: classes rather than objects"
    if found.ids == tuple(range(1, count + 1)) and not found.has_strays:
        names = (f"class {id}" for id in found.painted)
        return OneHot(classes=("background", *names)), (), f"{reason}."
    task = OneHot(classes=("background", *(f"id {id}" for id in found.painted)))
    listed = ", ".join(map(str, found.painted))
    first = as_painted(1, found.unlabelled)
    return task, found.ids, f"{reason}; {listed} are numbered anew, from {first} on."


def _separate_objects(found: Measurements) -> Suggested:
    """A ball of radius r has a mean chord of 4/3 r, a disc of 1.57 r; the scale is about half a radius."""
    depth = 0.35 * min(length * size for length, size in zip(found.chord, found.voxel_size, strict=True))
    finest = min(found.voxel_size)
    scale = min(max(depth, SHALLOWEST * finest), DEEPEST * finest)
    is_ball = found.fill >= NEARLY_BALL * FILLS[found.dims]
    postprocessor = DistanceWatershed() if is_ball else ConnectedComponents()
    kind = "blobs" if is_ball else "objects"
    reason = (
        f"The {kind} hardly touch, {found.touching:.0%} of their surface: their distance tells them apart."
    )
    return SignedDistance(scale=float(f"{scale:.3g}"), postprocessor=postprocessor), (), reason


def _touching_objects(found: Measurements) -> Suggested:
    width = " x ".join(f"{length:.3g}" for length in found.chord)
    reason = (
        f"Objects touch along {found.touching:.0%} of their surface: affinities part them, over offsets "
        f"up to half of their width, {width} voxels."
    )
    return Affinities(neighborhood=neighborhood(found.chord)), (), reason


def _strokes(found: Measurements) -> Suggested:
    width = " x ".join(f"{length:.3g}" for length in found.chord)
    reason = f"Objects are labelled in part, {width} voxels wide: affinities can do without their boundaries."
    return Affinities(neighborhood=neighborhood(found.chord)), (), reason


def neighborhood(chord: tuple[float, ...]) -> tuple[Voxels, ...]:
    """The next voxel along each axis, then a sixth and a half of how wide objects are, where that is more.

    Objects of 6 x 18 x 18 voxels: 1, 3 along z and 1, 3, 9 along y and x.
    """
    offsets: list[Voxels] = []
    for share in (0.0, 1 / 6, 1 / 2):
        for axis, length in enumerate(chord):
            reach = min(LONGEST, max(1, round(share * length)))
            offsets.append(tuple(reach if other == axis else 0 for other in range(len(chord))))
    return tuple(dict.fromkeys(offsets))
