"""A rectangle drawn over an image becomes a box of it; layers are paired, and their axes told."""

import numpy as np
import pytest
from napari.layers import Image

from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.held_out_box import HeldOutBox
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.layers.drawn import drawn_split
from napari_dacapo.layers.pairing import likeliest
from napari_dacapo.layers.possible_axes import likely_axes, possible_axes
from napari_dacapo.layers.shown import ShownLayer

DATASET = Dataset(raw=File(path="raw.tif"), labels=File(path="labels.tif"))
SLAB = HeldOutSlab(dataset=DATASET, normalization=FixedRange(low=0.0, high=255.0))
WHOLE = Box((0, 0, 0), (100, 40, 40))


def rectangle(*corners: tuple[float, ...]) -> np.ndarray:
    """In the plane z = 50, from (y, x) to (y, x)."""
    (top, left), (bottom, right) = corners
    return np.array([[50, top, left], [50, top, right], [50, bottom, right], [50, bottom, left]], float)


def drawn(corners: np.ndarray, before: HeldOutSlab | HeldOutBox = SLAB) -> HeldOutBox | None:
    return drawn_split(before, corners, WHOLE)


def test_a_rectangle_reaches_through_all_slices() -> None:
    split = drawn(rectangle((10, 5), (30, 25)))
    assert split == HeldOutBox(
        dataset=DATASET, begin=(0, 10, 5), end=(100, 30, 25), normalization=SLAB.normalization
    )


def test_what_lies_beside_the_data_is_cut_off() -> None:
    split = drawn(rectangle((-10, 5), (30, 99)))
    assert (split.begin, split.end) == ((0, 0, 5), (100, 30, 40))


@pytest.mark.parametrize("corners", [rectangle((-10, 5), (-1, 25)), rectangle((10, 10), (10, 10))])
def test_a_rectangle_beside_the_data_or_without_a_size_is_none(corners: np.ndarray) -> None:
    assert drawn(corners) is None


def test_a_second_rectangle_in_another_plane_bounds_the_box_along_the_third_axis() -> None:
    first = drawn(rectangle((10, 5), (30, 25)))
    across = np.array([[20, 0, 15], [20, 40, 15], [60, 40, 15], [60, 0, 15]])  # in the plane x = 15
    split = drawn(across, first)
    assert (split.begin, split.end) == ((20, 0, 5), (60, 40, 25))


def test_a_viewer_with_more_axes_counts_by_its_last_ones() -> None:
    with_time = np.insert(rectangle((10, 5), (30, 25)), 0, 7, axis=1)
    assert drawn(with_time) == drawn(rectangle((10, 5), (30, 25)))


def test_labels_of_the_same_shape_and_the_most_alike_name_are_meant() -> None:
    labels = [("b nuclei", (8, 8)), ("a nuclei", (8, 8)), ("a", (9, 9))]
    assert likeliest(("a", (8, 8)), labels) == 1
    assert likeliest(("b", (3, 8, 8)), labels) == 0  # of three channels
    assert likeliest(("a", (5, 5)), labels) == 2
    assert likeliest(("a", (5, 5)), []) is None


@pytest.mark.parametrize(
    ("data", "properties", "likely", "possible"),
    [
        (np.zeros((4, 5)), {}, "yx", 0),
        (np.zeros((3, 4, 5)), {}, "zyx", 4),
        (np.zeros((3, 4, 5)), {"axis_labels": ("t", "y", "x")}, "tyx", 0),
        (np.zeros((2, 3, 4, 5)), {}, None, 6),
        (np.zeros((2, 2, 3, 4, 5)), {}, None, 3),
        (np.zeros((4, 5, 3), np.uint8), {"rgb": True}, None, 1),
    ],
)
def test_a_person_is_asked_for_axes_only_where_nothing_tells_them(
    data: np.ndarray, properties: dict, likely: str | None, possible: int
) -> None:
    layer = ShownLayer.of(Image(data, **properties))
    assert likely_axes(layer) == likely
    choices = possible_axes(layer)
    assert len(choices) == possible and all(len(each) == data.ndim for each in choices)
    for each in choices:
        layer.image(each, 0 if "t" in each else None)
