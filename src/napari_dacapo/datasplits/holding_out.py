"""A part of one volume that validates while the rest trains."""

import math
from dataclasses import replace

from napari_dacapo.arrays.box import Box, World
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.datasplits.fitting import extent
from napari_dacapo.errors import UserInputError


def without(dataset: OpenDataset, held_out: Box) -> OpenDataset:
    """For training: the labels in the box are unknown."""
    return replace(dataset, excluded=held_out)


def within(dataset: OpenDataset, held_out: Box) -> OpenDataset:
    """For validation: the box only. Raw around it still gives context."""
    return replace(dataset, region=held_out)


def held_out_box(dataset: OpenDataset, begin: World, end: World) -> Box:
    """The box, moved to the nearest borders of the coarser voxels of raw and labels.

    Raises UserInputError unless it lies in the data, holds a voxel, and leaves one to train on.
    """
    region = dataset.region
    if len(begin) != len(region.begin):
        problem = f"it has {len(begin)} numbers, {dataset.title} has {len(region.begin)} axes"
        raise UserInputError("begin", begin, problem, f"Give {len(region.begin)} numbers")
    size, origin = _coarser_grid(dataset)
    sides = tuple(zip(begin, end, region.begin, region.end, size, strict=True))
    if any(b < low - v / 2 or e > high + v / 2 for b, e, low, high, v in sides):
        fix = f"Raw and labels both cover {extent(region)} {dataset.raw.unit}"
        raise UserInputError(
            "begin", extent(Box(begin, end)), f"the box leaves the data of {dataset.title}", fix
        )
    held_out = Box(_snapped(begin, origin, size), _snapped(end, origin, size)).intersect(region)
    if held_out.is_empty:
        fix = f"Make it at least one voxel, {size} {dataset.raw.unit}, in size"
        raise UserInputError("end", end, "the box holds no voxel", fix)
    if held_out == region:
        raise UserInputError("end", end, "the box leaves nothing to train on", "Make it smaller")
    return held_out


def _coarser_grid(dataset: OpenDataset) -> tuple[World, World]:
    raw, labels = dataset.raw, dataset.labels
    sides = tuple(zip(raw.voxel_size, raw.offset, labels.voxel_size, labels.offset, strict=True))
    size = tuple(max(v, w) for v, _, w, _ in sides)
    return size, tuple(o if v >= w else p for v, o, w, p in sides)


def _snapped(corner: World, origin: World, size: World) -> World:
    sides = zip(corner, origin, size, strict=True)
    return tuple(o + math.floor((c - o) / v + 0.5) * v for c, o, v in sides)
