"""Patches: where they may lie, what is in them, and what of it trains."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patches import array, numbered, opened, sampler, shape_of

from napari_dacapo.arrays.box import Box, Voxels
from napari_dacapo.augments.augment import Augment
from napari_dacapo.augments.elastic import Elastic
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.augments.rotate import Rotate
from napari_dacapo.augments.scale import Scale
from napari_dacapo.augments.transpose import Transpose
from napari_dacapo.augments.warp import Warp
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.errors import UserInputError
from napari_dacapo.trainers.patch_shape import PatchShape
from napari_dacapo.trainers.patches import Patches
from napari_dacapo.trainers.room import Room, voxel_at
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.trainers.trusted import trusted

UNCHANGED = Warp(np.eye(2))
PLAIN = Trainer(augments=(), sampling="uniform")


def line(shape: Voxels) -> np.ndarray:
    """Raw that holds its own x."""
    return np.broadcast_to(np.arange(shape[-1], dtype=np.float32), shape).copy()


@pytest.mark.parametrize(
    ("shape", "covered", "margin", "raw_first", "label_first", "label_shape"),
    [
        # 8 raw voxels of 2 nm, the output the middle 4: its centre lies 8 nm from the input's begin
        (shape_of((8,), (4,)), (4,), (2,), (-7.0,), (-3.0,), (4,)),
        # the task needs 1 voxel before and 2 after
        (shape_of((8,), (4,), padding=((1,), (2,))), (4,), (2,), (-7.0,), (-5.0,), (7,)),
        # two output voxels a raw voxel: 4 raw voxels are covered by 8 of 1 nm
        (shape_of((8,), (8,), (2,)), (4,), (2,), (-7.0,), (-3.5,), (8,)),
        # one voxel more is lost after the output than before it
        (shape_of((7,), (4,)), (4,), (1,), (-5.0,), (-3.0,), (4,)),
    ],
)
def test_input_output_and_labels_lie_about_the_centre_of_the_output(
    shape: PatchShape, covered: Voxels, margin: Voxels, raw_first: Any, label_first: Any, label_shape: Any
) -> None:
    assert shape.covered == covered
    assert shape.margin == margin
    assert shape.raw_grid((2.0,)).first == raw_first
    labels = shape.label_grid((2.0,))
    assert (labels.first, labels.shape) == (label_first, label_shape)
    assert labels.voxel_size == (2.0 / shape.scale[0],)


@pytest.mark.parametrize(
    ("label_size", "label_offset", "label_count", "place", "ids"),
    [
        # raw voxels of 2 begin at 10; place 3 is 16..24, input 12..28
        ((2.0,), (10.0,), 20, 3, [4, 5, 6, 7]),
        ((2.0,), (16.0,), 10, 3, [1, 2, 3, 4]),
        ((4.0,), (8.0,), 12, 3, [3, 3, 4, 4]),  # centres 17, 19, 21, 23 in voxels 16..20 and 20..24
        ((1.0,), (16.0,), 20, 3, [2, 4, 6, 8]),  # on a border of two: the upper
        ((2.0,), (15.0,), 20, 3, [2, 3, 4, 5]),  # half a voxel off: the upper
    ],
)
def test_raw_and_labels_of_other_voxel_sizes_and_offsets_meet_in_the_world(
    label_size: Any, label_offset: Any, label_count: int, place: int, ids: list[int]
) -> None:
    raw = array(line((1, 20)), (1.0, 2.0), offset=(0.0, 10.0))
    labels = array(numbered((1, label_count)), (1.0, *label_size), offset=(0.0, *label_offset))
    patches = Patches(opened(raw, labels), shape_of((1, 8), (1, 4)))
    image, found, known = patches.cut((0, place), UNCHANGED)
    assert image[0, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert found[0].tolist() == ids
    assert known.all()


@pytest.mark.parametrize(
    ("place", "raw", "ids", "known"),
    [
        ((0,), [2, 1, 0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], [0, 1, 1, 1, 1, 1]),
        ((1,), [1, 0, 1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1]),
        ((6,), [4, 5, 6, 7, 8, 9, 8, 7], [6, 7, 8, 9, 10, 0], [1, 1, 1, 1, 1, 0]),
    ],
)
def test_beyond_the_border_raw_is_mirrored_and_labels_are_unknown(
    place: Voxels, raw: list[int], ids: list[int], known: list[int]
) -> None:
    dataset = opened(array(line((1, 10))), array(numbered((1, 10))))
    patches = Patches(dataset, shape_of((1, 8), (1, 4), padding=((0, 1), (0, 1))))
    image, found, trusted_ = patches.cut((0, *place), UNCHANGED)
    assert image[0, 0].tolist() == raw
    assert found[0].tolist() == ids
    assert trusted_[0].astype(int).tolist() == known


def test_labels_beyond_raw_are_unknown() -> None:
    """Raw covers 0..10, labels 4..16: what lies at 4..10 trains."""
    dataset = opened(array(line((1, 10))), array(numbered((1, 12)), offset=(0.0, 4.0)))
    patches = Patches(dataset, shape_of((1, 4), padding=((0, 2), (0, 2))))
    _, ids, known = patches.cut((0, 6), UNCHANGED)
    assert ids[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert known[0].tolist() == [True] * 6 + [False] * 2


@settings(max_examples=60)
@given(st.data())
def test_every_place_leaves_the_output_in_raw_and_labels(data: Any) -> None:
    lengths = st.integers(6, 12)
    raw = array(np.zeros((data.draw(lengths), data.draw(lengths)), np.float32), (2.0, 1.0))
    offset = tuple(data.draw(st.integers(-3, 3)) for _ in range(2))
    labels = array(np.ones((data.draw(lengths), data.draw(lengths)), np.uint8), (2.0, 1.0), offset=offset)
    shape = shape_of((7, 7), (data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))))
    room = Room.of(opened(raw, labels), shape)
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    voxel = (data.draw(st.integers(-5, 15)), data.draw(st.integers(-5, 15)))
    region = raw.box.intersect(labels.box)
    for place in (room.low, room.high, room.anywhere(rng), room.around(rng, voxel), room.centred(voxel)):
        begin = [p * v for p, v in zip(place, raw.voxel_size, strict=True)]
        end = [b + n * v for b, n, v in zip(begin, shape.output_shape, raw.voxel_size, strict=True)]
        assert all(b >= r for b, r in zip(begin, region.begin, strict=True))
        assert all(e <= r for e, r in zip(end, region.end, strict=True))


def test_every_place_is_reached_and_none_more_often() -> None:
    room = Room((0,), (4,), (3,))
    rng = np.random.default_rng(0)
    counts = np.bincount([room.anywhere(rng)[0] for _ in range(5000)])
    assert counts.size == 5
    np.testing.assert_allclose(counts, 1000, atol=120)


def test_a_place_around_a_voxel_has_it_anywhere_in_its_output() -> None:
    room = Room((0,), (20,), (3,))
    rng = np.random.default_rng(0)
    assert {room.around(rng, (10,)) for _ in range(50)} == {(8,), (9,), (10,)}
    assert room.centred((10,)) == (9,)
    assert room.around(rng, (0,)) == (0,)


def test_a_place_in_the_world_lies_in_one_voxel() -> None:
    raw = array(np.zeros((4, 4), np.float32), (2.0, 0.1), offset=(10.0, 0.0))
    assert voxel_at(raw, (10.0, 0.0)) == (0, 0)
    assert voxel_at(raw, (13.9, 0.3)) == (1, 3)  # 0.3 / 0.1 is 2.9999999999999996


@pytest.mark.parametrize(
    ("shape", "largest"),
    [
        (shape_of((5, 13)), "(5, 10)"),
        (shape_of((9, 20), (3, 12)), "(9, 18)"),  # 8 voxels more than the output
        (shape_of((4, 20), (8, 24), (2, 2)), "(4, 18)"),
    ],
)
def test_a_patch_larger_than_the_volume_is_refused_naming_the_largest(
    shape: PatchShape, largest: str
) -> None:
    dataset = opened(array(line((8, 10))), array(numbered((8, 10))))
    with pytest.raises(UserInputError) as caught:
        Patches(dataset, shape)
    assert caught.value.field == "input_shape"
    assert f"at most {largest}" in str(caught.value)
    assert len(str(caught.value)) <= 300


def test_the_largest_patch_fits() -> None:
    dataset = opened(array(line((8, 10))), array(numbered((8, 10))))
    assert Patches(dataset, shape_of((9, 18), (3, 10))).place(np.random.default_rng(0), "uniform", 0.0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_raw_that_is_no_number_is_refused_where_a_patch_meets_it(value: float) -> None:
    raw = line((8, 10))
    raw[3, 4] = value
    patches = Patches(
        opened(array(raw, unit="nm", name="em.zarr"), array(numbered((8, 10)))), shape_of((2, 2))
    )
    patches.cut((0, 0), UNCHANGED)
    with pytest.raises(UserInputError) as caught:
        patches.cut((2, 4), UNCHANGED)
    assert caught.value.field == "cells.raw"
    assert "1 voxels are NaN or infinite in the patch about (3.0, 5.0) nm" in str(caught.value)
    assert "em.zarr" in str(caught.value)


AUGMENTS: tuple[Augment, ...] = (
    Mirror(),
    Transpose(),
    Rotate(highest=360.0),
    Scale(lowest=0.5, highest=2.0),
    Elastic(control_point_spacing=6.0, control_point_displacement_sigma=1.0, subsample=2),
)


@settings(max_examples=40)
@given(
    st.integers(0, 2**31 - 1),
    st.tuples(*(st.floats(-2, 14) for _ in range(4))),
    st.sampled_from(["uniform", "labelled"]),
)
def test_nothing_held_out_is_ever_known(seed: int, corners: Any, sampling: Any) -> None:
    """Whatever is known was, before augmentation, a voxel that lies wholly outside of the held-out box."""
    y0, y1, x0, x1 = corners
    held_out = Box((min(y0, y1), min(x0, x1)), (max(y0, y1), max(x0, x1)))
    labels = array(numbered((12, 14)))
    dataset = opened(array(line((12, 14))), labels, excluded=held_out)
    if not trusted(dataset).read((0, 0), (12, 14)).any():
        return
    trainer = Trainer(augments=AUGMENTS, sampling=sampling)
    sample = sampler(dataset, trainer, shape_of((6, 6), (4, 4), padding=((1, 1), (1, 1))), seed).sample(0, 0)
    begin = np.stack(np.unravel_index(sample.labels[sample.known].astype(int) - 1, (12, 14)), 1)
    apart = (begin + 1 <= np.add(held_out.begin, 1e-5)) | (begin >= np.subtract(held_out.end, 1e-5))
    assert apart.any(axis=1).all()


def test_what_is_held_out_is_not_taken_for_the_larger_part_where_there_is_other_room() -> None:
    dataset = opened(array(line((1, 40))), array(numbered((1, 40))), excluded=Box((0.0, 0.0), (1.0, 20.0)))
    sampled = sampler(dataset, PLAIN, shape_of((1, 8)))
    known = [sampled.sample(iteration, 0).known.mean() for iteration in range(100)]
    assert min(known) >= 0.5


KNOWN_LINE = [
    ({}, [1, 1, 1, 1, 1, 1, 1, 1]),
    ({"region": Box((0.0, 1.5), (1.0, 7.0))}, [0, 0, 1, 1, 1, 1, 1, 0]),
    ({"excluded": Box((0.0, 2.5), (1.0, 4.0))}, [1, 1, 0, 0, 1, 1, 1, 1]),
    ({"excluded": Box((0.0, 4.0), (1.0, 4.0))}, [1, 1, 1, 1, 1, 1, 1, 1]),
    ({"known": [1, 1, 0, 1, 1, 0, 1, 1]}, [1, 1, 0, 1, 1, 0, 1, 1]),
    (
        {"known": [1, 1, 0, 1, 1, 0, 1, 1], "excluded": Box((0.0, 6.0), (1.0, 9.0))},
        [1, 1, 0, 1, 1, 0, 0, 0],
    ),
]


@pytest.mark.parametrize(("changes", "expected"), KNOWN_LINE)
def test_known_voxels_in_the_region_that_are_not_held_out_are_trusted(changes: Any, expected: Any) -> None:
    fields = dict(changes)
    if "known" in fields:
        fields["known"] = array(np.array([fields["known"]], np.bool_))
    dataset = opened(array(line((1, 8))), array(numbered((1, 8))), **fields)
    whole = trusted(dataset)
    assert whole.read((0, 0), (1, 8))[0].astype(int).tolist() == expected
    for start in range(8):
        assert whole.read((0, start), (1, 8 - start))[0].astype(int).tolist() == expected[start:]


def points(*found: tuple[float, ...], **changes: Any) -> OpenDataset:
    return opened(array(line((10, 10))), array(numbered((10, 10))), points=found, **changes)


def test_patches_are_centred_on_the_points_given_as_far_as_there_is_room() -> None:
    sampled = sampler(points((5.5, 5.5), (0.5, 9.5)), Trainer(augments=()), shape_of((3, 3)))
    assert {sampled.sample(iteration, 0).place for iteration in range(30)} == {(4, 4), (0, 7)}


def test_points_in_what_is_held_out_do_not_train() -> None:
    dataset = points((5.5, 5.5), (1.5, 1.5), excluded=Box((4.0, 4.0), (8.0, 8.0)))
    sampled = sampler(dataset, Trainer(augments=()), shape_of((3, 3)))
    assert {sampled.sample(iteration, 0).place for iteration in range(30)} == {(0, 0)}


def test_no_point_left_to_train_on_is_refused() -> None:
    with pytest.raises(UserInputError, match="all 1 lie in what is held out"):
        Patches(points((5.5, 5.5), excluded=Box((4.0, 4.0), (8.0, 8.0))), shape_of((3, 3)))


def test_ids_above_2_to_the_63_reach_the_target() -> None:
    ids = np.full((10, 10), 2**63 + 5, np.uint64)
    ids[:, 5:] = 2**63 + 6
    dataset = opened(array(line((10, 10))), array(ids))
    for augments in ((), (Rotate(lowest=45.0, highest=45.0),)):
        sample = sampler(dataset, Trainer(augments=augments), shape_of((8, 8))).sample(0, 0)
        assert sample.labels.dtype == np.uint64
        assert set(sample.labels[sample.known].tolist()) == {2**63 + 5, 2**63 + 6}


def test_channels_of_raw_and_labels_come_through() -> None:
    raw = np.stack([line((10, 10)), line((10, 10)) + 100])
    labels = np.stack([numbered((10, 10)), numbered((10, 10)) + 1000]).astype(np.uint16)
    dataset = opened(array(raw, channels=True), array(labels, channels=True))
    for augments in ((), (Rotate(lowest=45.0, highest=45.0),)):
        sample = sampler(dataset, Trainer(augments=augments), shape_of((4, 4))).sample(0, 0)
        assert sample.raw.shape == (2, 4, 4)
        assert sample.labels.shape == (2, 4, 4)
        np.testing.assert_allclose(sample.raw[1] - sample.raw[0], 100, rtol=1e-5)
        apart = sample.labels[1].astype(int) - sample.labels[0]
        np.testing.assert_array_equal(apart, np.where(sample.known, 1000, 0))  # 0 beyond the border
