"""Previews: what lies where in the world, and that it is what a training takes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from patches import array

from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.previews.mosaic import mosaic
from napari_dacapo.experiments.previews.previews import GAP, Previews
from napari_dacapo.experiments.previews.view import part_in_view
from napari_dacapo.experiments.results.results import whole
from napari_dacapo.layers.previews import WHERE_NOTHING, target_preview
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.signed_distance import SignedDistance
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer

RAW, _ = tiny.cells((40, 40, 40), seed=0)
TWO_OBJECTS = np.where(np.arange(40) < 20, 1, 2) * np.ones((40, 40, 1), np.uint8)  # parted at x = 20
EVERYTHING = Box((0.0,) * 3, (320.0,) * 3)  # 40 voxels of 8 nm
ELSEWHERE = Box((5000.0,) * 3, (5100.0,) * 3)
PLAIN = Trainer(augments=())
DATASET = Dataset(title="two", raw=File(path="raw.zarr"), labels=File(path="labels.zarr"))


@pytest.fixture
def previews(tmp_path: Path) -> Previews:
    """Raw and labels of 40 voxels a side; the last 8 along z validate."""
    save(tmp_path, "raw", RAW)
    save(tmp_path, "labels", TWO_OBJECTS.astype(np.uint8))
    return Previews(split(DATASET), tiny.UNET, tmp_path)


def save(folder: Path, name: str, voxels: np.ndarray) -> None:
    world: dict[str, Any] = {"axes": "zyx", "voxel_size": (8.0,) * 3, "offset": (0.0,) * 3, "unit": "nm"}
    write_ome_zarr(folder / f"{name}.zarr", voxels, **world)


def split(dataset: Dataset) -> HeldOutSlab:
    return HeldOutSlab(normalization=FixedRange(low=0.0, high=255.0), dataset=dataset)


def cut(image: np.ndarray, start: tuple[int, ...], shape: tuple[int, ...]) -> np.ndarray:
    return image[tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))]


def test_the_target_of_two_objects_is_0_where_a_pair_is_parted(previews: Previews) -> None:
    view = Box((84.0, 64.0, 128.0), (84.0, 128.0, 192.0))  # y 8..16, x 16..24, in one slice
    made = previews.target(tiny.TASK, view)
    assert made.channel_names == ("affinity_z1", "affinity_y1", "affinity_x1", "affinity_x3")
    assert made.target.offset == made.weight.offset == (0.0, 64.0, 128.0)
    assert made.target.voxel_size == (8.0, 8.0, 8.0) and made.target.unit == "nm"
    target, weight = whole(made.target), whole(made.weight)
    assert target.shape == weight.shape == (4, 40, 8, 8)
    assert target[0, :39].all() and target[1].all()
    assert target[2, 5, 5].tolist() == [1, 1, 1, 0, 1, 1, 1, 1]  # 19 and 20
    assert target[3, 5, 5].tolist() == [1, 0, 0, 0, 1, 1, 1, 1]  # 17 and 20, 18 and 21, 19 and 22
    assert (weight[0, :39] > 0).all() and (weight[0, 39] == 0).all()  # its partner lies beyond the labels
    assert made.in_view and made.whole


def test_where_labels_are_unknown_the_target_is_orange_and_the_sentence_says_so(previews: Previews) -> None:
    strokes = np.ones((40, 40, 40), np.uint8)
    strokes[:, :, 20:] = 0  # nobody painted there
    save(previews.root, "strokes", strokes)
    painted = split(DATASET.replace(labels=File(path="strokes.zarr"), unlabelled="zero"))
    view = Box((84.0, 64.0, 128.0), (84.0, 128.0, 192.0))  # y 8..16, x 16..24, in one slice
    made = target_preview(replace(previews, datasplit=painted), tiny.TASK, view)
    data, properties, _ = made.layers[1]  # along y
    assert np.isnan(np.asarray(data)[5, 5]).tolist() == [False] * 4 + [True] * 4
    assert properties["colormap"] == WHERE_NOTHING
    assert "Where it is orange nothing is learned." in made.sentence
    classes = OneHot(classes=("none", "a", "b"))
    assert "All of it is learned." in target_preview(previews, classes, view).sentence


@pytest.mark.parametrize(
    "task", [tiny.TASK, Affinities(), SignedDistance(scale=24.0)], ids=["short", "long", "distance"]
)
def test_the_target_of_a_box_is_the_part_of_the_targets_of_all(previews: Previews, task: Task) -> None:
    start, shape = (4, 6, 13), (8, 10, 12)
    box = Box(tuple(8.0 * s for s in start), tuple(8.0 * (s + n) for s, n in zip(start, shape, strict=True)))
    of_all, of_box = previews.target(task, EVERYTHING), previews.target(task, box)
    assert of_box.target.spatial_shape == shape
    channels = len(of_box.channel_names)
    for one, other in ((of_box.target, of_all.target), (of_box.weight, of_all.weight)):
        expected = cut(whole(other), (0, *start), (channels, *shape))
        np.testing.assert_array_equal(whole(one) > 0, expected > 0)
    np.testing.assert_array_equal(
        whole(of_box.target), cut(whole(of_all.target), (0, *start), (channels, *shape))
    )


def test_where_the_view_is_elsewhere_the_target_is_of_the_middle_of_the_data(previews: Previews) -> None:
    made = previews.target(tiny.TASK, ELSEWHERE)
    assert not made.in_view
    assert made.target.spatial_shape == (40, 40, 40)


def test_a_patch_in_the_middle_of_the_view_lies_where_it_says(previews: Previews) -> None:
    made = previews.patch(0, Box((124.0, 60.0, 100.0), (124.0, 260.0, 220.0)))  # about voxel 15, 20, 20
    assert made.in_view and made.title == "two"
    assert made.labels.offset == made.known.offset == (88.0, 128.0, 128.0)  # 4 voxels before it
    assert made.raw.offset == (24.0, 64.0, 64.0)  # 8 more
    expected = cut(RAW, (3, 8, 8), (24, 24, 24)) / np.float32(255)
    np.testing.assert_allclose(whole(made.raw), expected, rtol=1e-6)
    np.testing.assert_array_equal(whole(made.labels), cut(TWO_OBJECTS, (11, 16, 16), (8, 8, 8)))
    assert whole(made.known).all()


def test_what_is_held_out_does_not_train(previews: Previews) -> None:
    made = previews.patch(0, Box((268.0, 160.0, 160.0), (268.0, 161.0, 161.0)))  # about slice 33, from 29
    known = whole(made.known)
    assert known[:3].all() and not known[3:].any()  # from slice 32 on


def test_where_the_view_is_elsewhere_each_seed_draws_a_patch(previews: Previews) -> None:
    made = [previews.patch(seed, ELSEWHERE) for seed in (0, 0, 1)]
    assert not any(each.in_view for each in made)
    assert made[0].raw.offset == made[1].raw.offset != made[2].raw.offset


def test_patches_of_a_draw_lie_side_by_side_beside_the_data(previews: Previews) -> None:
    made = previews.augmented(PLAIN, 0, EVERYTHING)
    raw, labels = whole(made.raw), whole(made.labels)
    assert raw.shape == labels.shape == (24, 3 * 28, 3 * 28)
    # right of 320 nm, and 24 slices about slice 20
    assert made.raw.offset == made.labels.offset == (64.0, 0.0, 320.0 + 8 * GAP)
    assert (raw[:, 24:28] == 0).all() and (raw[:, :, 24:28] == 0).all()
    cells = [raw[:, y : y + 24, x : x + 24] for y in (0, 28, 56) for x in (0, 28, 56)]
    assert len({cell.tobytes() for cell in cells}) == 9
    labelled = np.argwhere(labels[:, :28, :28])
    assert labelled.min() == 8 and labelled.max() == 15  # 8 voxels in the middle of 24


def test_a_draw_is_what_a_training_with_that_seed_takes(previews: Previews) -> None:
    one, other = (
        previews.augmented(Trainer(seed=4), 3, EVERYTHING),
        previews.augmented(Trainer(seed=7), 0, EVERYTHING),
    )
    assert one.seed == other.seed == 7
    np.testing.assert_array_equal(whole(one.raw), whole(other.raw))
    np.testing.assert_array_equal(whole(one.labels), whole(other.labels))
    assert (whole(previews.augmented(Trainer(seed=4), 4, EVERYTHING).raw) != whole(one.raw)).any()


def test_a_network_of_other_dimensions_is_refused_for_patches_but_not_for_targets(previews: Previews) -> None:
    flat = previews.architecture.replace(
        input_shape=(24, 24), eval_shape_increase=(8, 8), downsample_factors=((2, 2),)
    )
    previews = Previews(previews.datasplit, flat, previews.root)
    for act in (lambda: previews.patch(0, EVERYTHING), lambda: previews.augmented(PLAIN, 0, EVERYTHING)):
        with pytest.raises(UserInputError, match="data of two are 3D"):
            act()
    assert previews.target(tiny.TASK, EVERYTHING).target.spatial_shape == (40, 40, 40)


def test_a_task_for_other_dimensions_is_refused(previews: Previews) -> None:
    with pytest.raises(UserInputError, match="2 numbers"):
        previews.target(Affinities(neighborhood=((1, 0), (0, 1))), EVERYTHING)


def test_five_patches_are_three_and_two() -> None:
    image = mosaic([np.full((1, 1), n, np.uint8) for n in range(1, 6)], cell=(2, 2), corner=(0, 1))
    assert image.tolist() == [[0, 1, 0, 2, 0, 3], [0] * 6, [0, 4, 0, 5, 0, 0], [0] * 6]


NONE = ((0, 0, 0), (0, 0, 0))
AROUND = ((20, 20, 20), (20, 20, 20))
LARGE = array(np.broadcast_to(np.uint8(0), (1000, 1000, 1000)))  # voxels of 1
SLICE = Box((500.5, -100.0, 300.0), (500.5, 2000.0, 400.0))  # all of y, 100 of x


@pytest.mark.parametrize(
    ("view", "padding", "offset", "shape", "is_all"),
    [
        # 316 of y about the middle of what is seen of it; 2^22 / 316 / 100 slices about slice 500
        (SLICE, NONE, (434, 342, 300), (132, 316, 100), False),
        # 276 and 40 are 316, 100 and 40 are 140: 94 slices, less 40
        (SLICE, AROUND, (473, 362, 300), (54, 276, 100), False),
        (Box((0.5, 0.0, 0.0), (0.5, 90.0, 90.0)), NONE, (0, 0, 0), (517, 90, 90), True),
        # with a slider for channels before
        (Box((2.0, 0.5, 0.0, 0.0), (2.0, 0.5, 90.0, 90.0)), NONE, (0, 0, 0), (517, 90, 90), True),
        # in 3D, the cube root
        (Box((0.0,) * 3, (1000.0,) * 3), NONE, (419, 419, 419), (161, 161, 161), False),
        (Box((0.0,) * 3, (50.0,) * 3), NONE, (0, 0, 0), (50, 50, 50), True),
        (ELSEWHERE, NONE, (419, 419, 419), (161, 161, 161), False),
        # of fewer axes than the data: nothing is shown
        (Box((0.0, 0.0), (9.0, 9.0)), NONE, (419, 419, 419), (161, 161, 161), False),
    ],
)
def test_of_a_view_as_much_is_taken_as_there_is_time_for(
    view: Box, padding: Any, offset: Any, shape: Any, is_all: bool
) -> None:
    part = part_in_view(LARGE, LARGE.box, view, padding)
    assert (part.offset, part.shape, part.whole) == (offset, shape, is_all)
