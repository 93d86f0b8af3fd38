"""DaCapo's arrays as sources with steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_dacapo.arrays.binarize import Binarize, Group
from napari_dacapo.arrays.concat_channels import ConcatChannels
from napari_dacapo.arrays.constant import Constant
from napari_dacapo.arrays.crop import Crop
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.logical_or import LogicalOr
from napari_dacapo.arrays.merge_labels import MergeLabels
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.arrays.resample import Resample
from napari_dacapo.arrays.source import Source
from napari_dacapo.arrays.step import Step
from napari_dacapo.arrays.sum_channels import SumChannels
from napari_dacapo.errors import UserInputError
from napari_dacapo.from_dacapo.fields import Fields

CLIPPED = "what lies beyond is clipped here"
NO_GRID = "arrays need not be snapped to a grid"
UNITS = {"nanometer": "nm", "nanometers": "nm", "micrometer": "um", "micrometers": "um"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where paths of a project start."""

    folder: Path

    def absolute(self, path: Any) -> str:
        """As it is where it is absolute, or an address; else beside the project, if it is there."""
        text = str(path)
        beside = self.folder / text
        return str(beside) if "://" not in text and beside.exists() else text


def source(fields: Fields, place: Place) -> Source:
    """Raises UserInputError where there is no counterpart."""
    if fields.kind not in SOURCES:
        raise fields.unknown()
    found = SOURCES[fields.kind](fields, place)
    fields.close()
    return found


def _zarr(fields: Fields, place: Place) -> Source:
    fields.leave("snap_to_grid", NO_GRID)
    fields.leave("mode", "data are only read", unless="a")
    axes = fields.take("_axes", "axes", None)
    return File(
        path=place.absolute(fields.take("file_name", "path")),
        array=fields.take("dataset", "array", ""),
        axes=_letters(axes) if axes else None,
    )


def _tiff(fields: Fields, place: Place) -> Source:
    units = fields.take("units", "unit", None)
    axes = fields.take("axis_names", "axes", None)
    return File(
        path=place.absolute(fields.take("file_name", "path")),
        offset=fields.take("offset", "offset", None),
        voxel_size=fields.take("voxel_size", "voxel_size", None),
        axes=_letters(axes) if axes else None,
        unit=UNITS.get(str(units[0]), units[0]) if units else None,
    )


def _stepped(make: Callable[[Fields], Step]) -> Callable[[Fields, Place], Source]:
    """An array that is another one with a step done on it."""

    def converted(fields: Fields, place: Place) -> Source:
        inner = source(fields.inner("source_array_config"), place)
        return inner.replace(steps=(*inner.steps, make(fields)))

    return converted


def _intensities(fields: Fields) -> Step:
    return FixedRange(low=fields.take("min", "low"), high=fields.take("max", "high", why=CLIPPED))


def _binarize(fields: Fields) -> Step:
    if background := fields.take("background", "background", 0):
        raise UserInputError("background", background, "background is 0 here", "Renumber the labels")
    groups = fields.take("groupings", "groups")
    return Binarize(groups=tuple(Group(title=title, ids=ids) for title, ids in groups))


def _crop(fields: Fields) -> Step:
    offset, size = fields.take("roi", "begin, end")
    return Crop(begin=offset, end=tuple(b + s for b, s in zip(offset, size, strict=True)))


def _resampled(fields: Fields, place: Place) -> Source:
    """The voxel size wanted follows from that of the data, which are opened to know it."""
    inner = source(fields.inner("source_array_config"), place)
    size = inner.open().voxel_size
    finer = fields.take("upsample", "voxel_size", None) or (0,) * len(size)
    coarser = fields.take("downsample", "voxel_size", None) or (0,) * len(size)
    method = "linear" if fields.take("interp_order", "method", False) else "nearest"
    sides = zip(size, finer, coarser, strict=True)
    wanted = tuple(side * (down or 1) / (up or 1) for side, up, down in sides)
    return inner.replace(steps=(*inner.steps, Resample(voxel_size=wanted, method=method)))


def _concat(fields: Fields, place: Place) -> Source:
    names = fields.take("channels", "sources")
    given = {name: source(each, place) for name, each in fields.named("source_array_configs").items()}
    default = source(fields.inner("default_config"), place) if fields.has("default_config") else None
    fields.leave("default_config", "every channel is given")
    if not given:
        raise UserInputError("source_array_configs", (), "it has no array", "Complete the file")
    first = next(iter(given.values()))
    default = default or first.replace(steps=(*first.steps, Constant(value=0)))
    return ConcatChannels(sources=tuple(given.get(name, default) for name in names))


def _several(fields: Fields, place: Place) -> tuple[Source, ...]:
    return tuple(source(each, place) for each in fields.named("source_array_configs").values())


def _merged(fields: Fields, place: Place) -> Source:
    fields.say("kind", "MergeLabels, which keeps ids apart where DaCapo adds them up")
    return MergeLabels(sources=_several(fields, place))


def _sum(fields: Fields, place: Place) -> Source:
    return ConcatChannels(sources=_several(fields, place), steps=(SumChannels(),))


def _letters(names: Any) -> str:
    """["c^", "z", "y", "x"] gives "czyx"."""
    return "".join(str(name).removesuffix("^")[:1] for name in names)


SOURCES: dict[str, Callable[[Fields, Place], Source]] = {
    "ZarrArray": _zarr,
    "TiffArray": _tiff,
    "IntensitiesArray": _stepped(_intensities),
    "BinarizeArray": _stepped(_binarize),
    "CropArray": _stepped(_crop),
    "ConstantArray": _stepped(lambda fields: Constant(value=fields.take("constant", "value", 1))),
    "OnesArray": _stepped(lambda fields: Constant(value=1)),
    "LogicalOrArray": _stepped(lambda fields: LogicalOr()),
    "ResampledArray": _resampled,
    "ConcatArray": _concat,
    "MergeInstancesArray": _merged,
    "SumArray": _sum,
}
