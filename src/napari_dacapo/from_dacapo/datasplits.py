"""DaCapo's datasplits as ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.arrays.source import Source
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.folder_datasets import FolderDatasets
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.errors import UserInputError
from napari_dacapo.from_dacapo.arrays import Place, source
from napari_dacapo.from_dacapo.fields import Fields
from napari_dacapo.store.names import folded, free_name

HIGHEST = {"uint8": 255.0, "uint16": 65535.0}  # what becomes 1, by type; others are taken as they are
SAME_DATA = "the same data train and validate, as there"
NOT_NORMALIZED = "raw is taken as it is there; here percentiles bring it to [0, 1]"
UNOPENED = "raw could not be opened to see its type: 8 bits were assumed"


def datasplit(fields: Fields, place: Place) -> DataSplit:
    """Raises UserInputError where there is no counterpart."""
    if fields.kind not in KINDS:
        raise fields.unknown()
    return KINDS[fields.kind](fields, place)


def _simple(fields: Fields, place: Place) -> DataSplit:
    path = place.absolute(fields.take("path", "path"))
    names = {
        "raw": fields.take("raw_name", "raw", "raw"),
        "labels": fields.take("gt_name", "labels", "labels"),
        "mask": fields.take("mask_name", "mask", "mask"),
    }
    groups = {
        "training_group": fields.take("train_group_name", "training_group", "train"),
        "validation_group": fields.take("validate_group_name", "validation_group", "test"),
    }
    if (Path(path) / names["raw"]).exists():
        fields.say("kind", f"ListedDatasets: {SAME_DATA}")
        sources = {part: File(path=path, array=name) for part, name in names.items() if _lies(path, name)}
        only = Dataset(title=Path(path).stem, **sources)
        return ListedDatasets(train=(only,), validate=(only,), normalization=_normalization(fields, only.raw))
    split = FolderDatasets(path=path, **names, **groups)
    return split.replace(normalization=_normalization(fields, _first_raw(split)))


def _listed(fields: Fields, place: Place) -> DataSplit:
    train = [_dataset(each, place) for each in fields.named("train_configs").values()]
    validate: list[Dataset] = []
    for each in fields.named("validate_configs").values():
        dataset = _dataset(each, place)
        taken = {folded(other.title) for other in validate}
        title = dataset.title if folded(dataset.title) not in taken else free_name(dataset.title, taken)
        validate.append(dataset.replace(title=title))
    if not all(dataset.raw.is_normalized for dataset in (*train, *validate)):
        fields.say("normalization", NOT_NORMALIZED)
    return ListedDatasets(train=tuple(train), validate=tuple(validate))


def _dataset(fields: Fields, place: Place) -> Dataset:
    if fields.kind not in ("RawGTDataset", "SimpleDataset"):
        raise fields.unknown()
    made = _simple_arrays if fields.kind == "SimpleDataset" else _arrays
    dataset = Dataset(
        title=fields.take("name", "title"),
        weight=fields.take("weight", "weight", 1),
        points=tuple(map(tuple, fields.take("sample_points", "points", None) or ())),
        **made(fields, place),
    )
    fields.close()
    return dataset


def _arrays(fields: Fields, place: Place) -> dict[str, Source]:
    """Raw, labels and mask; the mask says there and here where labels are to be trusted."""
    parts = {"raw": "raw_config", "labels": "gt_config", "mask": "mask_config"}
    found = {part: source(fields.inner(name), place) for part, name in parts.items() if fields.has(name)}
    for part in ("raw", "labels"):
        if part not in found:
            raise UserInputError(f"{fields.place}{parts[part]}", None, "this dataset has none", "Add it")
    fields.leave("mask_config", "")
    return found


def _simple_arrays(fields: Fields, place: Place) -> dict[str, Source]:
    path = place.absolute(fields.take("path", "raw.path, labels.path, mask.path"))
    names = {
        "raw": fields.take("raw_name", "raw.array", "raw"),
        "labels": fields.take("gt_name", "labels.array", "labels"),
        "mask": fields.take("mask_name", "mask.array", "mask"),
    }
    found = {part: File(path=path, array=name) for part, name in names.items()}
    if not _lies(path, names["mask"]):
        del found["mask"]
    return {**found, "raw": found["raw"].replace(steps=(_normalization(fields, found["raw"]),))}


def _normalization(fields: Fields, raw: Source | None) -> FixedRange:
    """What DaCapo does by the type of the data."""
    try:
        dtype = "uint8" if raw is None else str(raw.open().dtype)
    except UserInputError:
        raw, dtype = None, "uint8"
    highest = HIGHEST.get(dtype, 1.0)
    fields.say("normalization", f"FixedRange to {highest:g}{'' if raw else f': {UNOPENED}'}")
    return FixedRange(low=0.0, high=highest)


def _first_raw(split: FolderDatasets) -> Source | None:
    try:
        datasets = split.datasets(Path(), split.training_group)
    except UserInputError:
        return None
    return datasets[0].raw if datasets else None


def _lies(path: str, name: str) -> bool:
    return (Path(path) / name).exists()


def shortest_side(split: DataSplit) -> float | None:
    """Of a voxel of the first raw array, in world units; None where the data cannot be opened."""
    try:
        return min(split.training()[0].raw.voxel_size)
    except UserInputError:
        return None


KINDS: dict[str, Callable[[Fields, Place], DataSplit]] = {
    "SimpleDataSplit": _simple,
    "TrainValidateDataSplit": _listed,
}
