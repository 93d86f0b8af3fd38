"""Labelled sampling: it finds what there is, takes enough of it, and never searches for ever."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from patches import array, opened, sampler, shape_of

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.datasplits.dataset import Dataset, OpenDataset
from napari_dacapo.errors import UserInputError
from napari_dacapo.trainers import labelled_places
from napari_dacapo.trainers.labelled_places import LabelledPlaces
from napari_dacapo.trainers.pieces import Pieces
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.trainers.trusted import trusted

PLAIN = Trainer(augments=(), sampling="labelled")
HUGE = 4096


def image(labels: np.ndarray, **changes: Any) -> OpenDataset:
    known = changes.pop("known", None)
    fields = changes | ({} if known is None else {"known": array(known)})
    return opened(array(np.zeros(labels.shape, np.float32)), array(labels), **fields)


def dotted(*dots: tuple[int, int], side: int = 64) -> np.ndarray:
    labels = np.zeros((side, side), np.uint8)
    labels[tuple(np.array(dots).T)] = 1
    return labels


def places_of(dataset: OpenDataset) -> LabelledPlaces:
    return LabelledPlaces.find(dataset, trusted(dataset))


def draws(dataset: OpenDataset, count: int = 200) -> set[tuple[float, ...]]:
    rng = np.random.default_rng(0)
    found = places_of(dataset)
    return {found.draw(rng) for _ in range(count)}


def test_places_are_the_centres_of_labelled_voxels() -> None:
    assert draws(image(dotted((3, 5), (40, 63)))) == {(3.5, 5.5), (40.5, 63.5)}


def test_places_count_in_the_world() -> None:
    labels = array(dotted((3, 5)), (4.0, 2.0), offset=(100.0, 10.0))
    raw = array(np.zeros((64, 64), np.float32), (4.0, 2.0), offset=(100.0, 10.0))
    assert draws(opened(raw, labels)) == {(114.0, 21.0)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {(3.5, 5.5), (40.5, 63.5)}),
        ({"excluded": Box((0.0, 0.0), (10.0, 10.0))}, {(40.5, 63.5)}),
        ({"region": Box((0.0, 0.0), (64.0, 50.0))}, {(3.5, 5.5)}),
        ({"known": dotted((40, 63), (50, 50)) > 0}, {(40.5, 63.5), (50.5, 50.5)}),
    ],
)
def test_what_is_held_out_unknown_or_outside_is_not_drawn(changes: Any, expected: Any) -> None:
    assert draws(image(dotted((3, 5), (40, 63)), **changes)) == expected


def test_background_counts_as_labelled_where_the_dataset_tells_what_is_known() -> None:
    """Scribbles of background, far from any object, train too; every second patch is near an object."""
    known = dotted((3, 5), (40, 63), (60, 10), (60, 40)) > 0
    dataset = image(dotted((3, 5)), known=known)
    rng = np.random.default_rng(0)
    found = places_of(dataset)
    drawn = [found.draw(rng) for _ in range(1000)]
    assert len(set(drawn)) == 4
    assert drawn.count((3.5, 5.5)) == pytest.approx(625, abs=60)  # half, and a quarter of the other half
    assert found.part == 4 / 64**2


def test_labels_with_channels_are_labelled_where_any_channel_is() -> None:
    labels = np.stack([dotted((3, 5)), dotted((40, 63))])
    raw = array(np.zeros((64, 64), np.float32))
    assert draws(opened(raw, array(labels, channels=True))) == {(3.5, 5.5), (40.5, 63.5)}


@pytest.mark.parametrize(
    "dataset",
    [
        image(np.zeros((64, 64), np.uint8)),
        image(dotted((3, 5)), excluded=Box((0.0, 0.0), (10.0, 10.0))),
        image(dotted((3, 5)), known=np.zeros((64, 64), np.bool_)),
    ],
)
def test_nothing_labelled_is_a_clear_error(dataset: OpenDataset) -> None:
    with pytest.raises(UserInputError, match="0 of 4,096 voxels looked at in cells are labelled") as caught:
        sampler(dataset, PLAIN, shape_of((8, 8))).sample(0, 0)
    assert caught.value.field == "labels"
    assert len(str(caught.value)) <= 300


def test_every_patch_holds_something_labelled_even_of_a_single_voxel() -> None:
    sampled = sampler(image(dotted((63, 63))), PLAIN, shape_of((12, 12), (4, 4)))
    assert all(sampled.sample(iteration, 0).labels.any() for iteration in range(40))


@pytest.mark.parametrize("wanted", [0.1, 0.25])
def test_as_much_is_labelled_as_asked_for(wanted: float) -> None:
    """A disc that covers 28 % of the image, in patches of a hundredth of it."""
    y, x = np.indices((64, 64))
    labels = ((y - 32) ** 2 + (x - 32) ** 2 < 19**2).astype(np.uint8)
    sampled = sampler(image(labels), PLAIN.replace(min_labelled=wanted), shape_of((7, 7)))
    parts = [(sampled.sample(iteration, 0).labels > 0).mean() for iteration in range(100)]
    assert min(parts) >= wanted


def test_no_more_is_asked_for_than_the_dataset_has_on_average() -> None:
    found = places_of(image(dotted((3, 5), (40, 63))))
    assert found.part == 2 / 64**2
    sampled = sampler(image(dotted((3, 5), (40, 63))), PLAIN.replace(min_labelled=1.0), shape_of((7, 7)))
    assert sampled.sample(0, 0).labels.sum() == 1


def huge(folder: Path, version: int = 3, **layout: Any) -> tuple[OpenDataset, zarr.Array[Any]]:
    """4096^3 voxels, 512 GiB of labels, none of them stored yet."""
    options: dict[str, Any] = {"shape": (HUGE,) * 3, "zarr_format": version, "fill_value": 0}
    layout = {"chunks": (64,) * 3} | layout
    zarr.create_array(folder / "raw.zarr", dtype="uint8", chunks=(64,) * 3, **options)
    labels = zarr.create_array(folder / "labels.zarr", dtype="uint64", **layout, **options)
    dataset = Dataset(raw=File(path="raw.zarr"), labels=File(path="labels.zarr"))
    return dataset.open(folder, FixedRange(low=0.0, high=255.0)), labels


@pytest.mark.parametrize(
    ("version", "layout"), [(2, {}), (3, {}), (3, {"chunks": (16,) * 3, "shards": (64,) * 3})]
)
def test_the_only_labelled_corner_of_a_huge_volume_is_found(
    tmp_path: Path, version: int, layout: Any
) -> None:
    dataset, labels = huge(tmp_path, version, **layout)
    labels[-20:, -20:, -20:] = 7
    sample = sampler(dataset, PLAIN, shape_of((32,) * 3)).sample(0, 0)  # one who looks at all never ends
    assert (sample.labels == 7).any()
    assert min(sample.place) >= HUGE - 52


def test_a_huge_volume_without_labels_is_told_after_a_bounded_look(tmp_path: Path) -> None:
    dataset, _ = huge(tmp_path)
    with pytest.raises(UserInputError, match=r"0 of [0-9,]+ voxels looked at"):
        places_of(dataset)


def test_a_volume_that_is_labelled_everywhere_trains_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where not all of it was looked at."""
    monkeypatch.setattr(labelled_places, "MOST_READ", 1)
    dataset = image(np.ones((256, 256), np.uint8))
    assert not places_of(dataset).complete
    sampled = sampler(dataset, PLAIN, shape_of((8, 8)))
    places = np.array([sampled.sample(iteration, 0).place for iteration in range(200)])
    quarters = {tuple(each) for each in (places // 124).tolist()}
    assert quarters >= {(0, 0), (0, 1), (1, 0), (1, 1)}


def reading_nothing(shape: tuple[int, ...]) -> Array:
    """Labels of any size that are empty wherever they are read."""
    from dataclasses import replace

    one = array(np.zeros((1,) * len(shape), np.uint8))
    return replace(
        one, shape=shape, reader=lambda slices: np.zeros([s.stop - s.start for s in slices], np.uint8)
    )


def test_looking_does_not_grow_with_the_volume() -> None:
    """A million voxels a side: there are 4 * 10^12 pieces."""
    labels = reading_nothing((10**6,) * 3)
    dataset = opened(labels, labels)
    with pytest.raises(UserInputError, match=r"0 of 268,435,456 voxels looked at"):
        places_of(dataset)


def starts(pieces: Pieces, most: int) -> np.ndarray:
    return np.array([start for start, _ in pieces.spread(most)])


def test_pieces_cover_their_boxes_once() -> None:
    covered = np.zeros((10, 12), int)
    boxes = [((1, 2), (6, 12)), ((6, 0), (7, 1)), ((8, 8), (8, 12)), ((9, 3), (10, 4))]
    pieces = Pieces.of(boxes, 4)
    for start, shape in pieces.spread(100):
        covered[tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))] += 1
    assert covered.max() == 1
    assert covered.sum() == pieces.voxels == 5 * 10 + 1 + 1
    assert pieces.count == 2 * 3 + 1 + 1


def test_some_of_many_pieces_lie_all_over_the_volume() -> None:
    """Not one column of them, as one in so many would be where sides are powers of two."""
    found = starts(Pieces.of([((0,) * 3, (HUGE,) * 3)], 64), 128)
    assert found.shape == (128, 3)
    for along in found.T:
        assert np.bincount(along // 1024, minlength=4).min() >= 16  # 32 in each quarter, on average


def test_the_same_pieces_are_looked_at_every_time() -> None:
    pieces = Pieces.of([((0, 0), (10**6, 10**6))], 64)
    np.testing.assert_array_equal(starts(pieces, 50), starts(pieces, 50))


@pytest.mark.parametrize(
    ("version", "layout"),
    [
        (2, {"chunks": (4, 5)}),
        (3, {"chunks": (4, 5)}),
        (3, {"chunks": (2, 5), "shards": (4, 5)}),
        (3, {"chunks": (4, 5), "chunk_key_encoding": {"name": "default", "separator": "."}}),
        (2, {"chunks": (4, 5), "chunk_key_encoding": {"name": "v2", "separator": "/"}}),
    ],
)
def test_an_array_tells_which_of_its_chunks_are_stored(tmp_path: Path, version: int, layout: Any) -> None:
    made = zarr.create_array(
        tmp_path / "a.zarr", shape=(10, 12), dtype="uint8", fill_value=0, zarr_format=version, **layout
    )
    made[5, 11] = 1
    made[9, 0] = 1
    found = File(path="a.zarr", voxel_size=(2.0, 1.0), offset=(100.0, 0.0)).open(tmp_path)
    assert found.stored is not None
    assert set(found.stored()) == {Box((108.0, 10.0), (116.0, 12.0)), Box((116.0, 0.0), (120.0, 5.0))}


def test_chunks_that_read_as_something_else_than_0_are_not_told_apart(tmp_path: Path) -> None:
    zarr.create_array(tmp_path / "a.zarr", shape=(10, 12), chunks=(4, 5), dtype="uint8", fill_value=3)
    assert File(path="a.zarr").open(tmp_path).stored is None
