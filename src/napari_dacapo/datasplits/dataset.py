"""One dataset: raw data and its labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box, World
from napari_dacapo.arrays.source import Source
from napari_dacapo.config import Config


class Dataset(Config):
    """Raw data with labels of some part of it."""

    title: str = "dataset"
    "What tables and layers call this dataset."

    raw: Source
    "The image the network sees."

    labels: Source
    "What it is to find: object ids, or class ids, one integer per voxel."

    mask: Source | None = None
    "Where the labels are to be trusted: not 0. Elsewhere nothing is trained or scored."

    unlabelled: Literal["nothing", "zero"] = "nothing"
    "`nothing`: every voxel is labelled, 0 is background. `zero`: 0 is unknown, 1 background, 2.. objects."

    weight: Annotated[int, Field(ge=1, le=1000)] = 1
    "How many times more often than a dataset of weight 1 this one is sampled."

    points: tuple[World, ...] = ()
    "Places (world units, (z,) y, x) that training patches are centred on; empty: anywhere."


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDataset:
    """A dataset with its arrays opened, nothing read yet."""

    title: str
    raw: Array  # float32 after normalisation, (c,) (z,) y, x
    labels: Array  # integer, 0 is background (the convention of `unlabelled` is already undone)
    known: Array | None  # bool on the labels' grid: False where the label is unknown
    region: Box  # what both raw and labels cover, less what is cropped away
    excluded: Box | None  # held out: labels in here are unknown to training
    weight: int
    points: tuple[World, ...]


OpenDatasets = tuple[OpenDataset, ...]
