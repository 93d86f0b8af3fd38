"""The last touch on objects: small ones, holes, and the numbers they get."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from napari_dacapo.postprocessors.components import components
from napari_dacapo.postprocessors.objects import finished, numbered, without_holes


def picture(text: str) -> np.ndarray:
    """Rows of digits as ids, a dot for background."""
    rows = [line.split() for line in text.strip().splitlines()]
    return np.array([[0 if mark == "." else int(mark) for mark in row] for row in rows], np.uint64)


def test_a_small_object_goes_to_the_one_it_touches_where_the_height_is_lowest():
    objects = picture("""
        1 1 1 2 3 3 3
        1 1 1 2 3 3 3
    """)
    height = np.zeros(objects.shape, np.float32)
    height[:, 4] = 1.0  # the way in from the right lies high
    assert (
        finished(objects, height, 3).tolist()
        == picture("""
        1 1 1 1 2 2 2
        1 1 1 1 2 2 2
    """).tolist()
    )


def test_a_small_object_that_touches_none_is_dropped():
    objects = picture("""
        1 1 1 . 2 . 3
        1 1 1 . . . 3
    """)
    assert (
        finished(objects, np.zeros(objects.shape, np.float32), 2).tolist()
        == picture("""
        1 1 1 . . . 2
        1 1 1 . . . 2
    """).tolist()
    )


@pytest.mark.parametrize("min_size", [0, 1])
def test_every_object_is_large_enough_for_a_least_size_of_a_voxel(min_size):
    objects = picture("1 2 . 3")
    assert finished(objects, np.zeros(objects.shape, np.float32), min_size).tolist() == [[1, 2, 0, 3]]


def test_where_all_are_too_small_nothing_is_left():
    objects = picture("1 2 . 3")
    assert finished(objects, np.zeros(objects.shape, np.float32), 10**9).tolist() == [[0, 0, 0, 0]]


def test_a_hole_in_one_object_is_filled_and_one_between_two_is_not():
    objects = picture("""
        1 1 1 1 1 1 1
        1 . 1 . 2 . 1
        1 1 1 1 1 1 1
        1 . . 1 3 . 3
        1 1 1 1 3 3 3
    """)
    assert (
        without_holes(objects).tolist()
        == picture("""
        1 1 1 1 1 1 1
        1 1 1 . 2 . 1
        1 1 1 1 1 1 1
        1 1 1 1 3 . 3
        1 1 1 1 3 3 3
    """).tolist()
    )


def test_background_that_is_open_to_a_side_of_the_image_is_no_hole():
    objects = picture("""
        1 1 . 1
        1 . . 1
        1 1 1 1
    """)
    assert without_holes(objects).tolist() == objects.tolist()


def test_a_hole_in_3d_is_closed_on_all_six_sides():
    objects = np.ones((3, 3, 3), np.uint64)
    objects[1, 1, 1] = 0
    assert without_holes(objects).all()
    objects[0, 1, 1] = 0  # now a tunnel leads out
    assert without_holes(objects).tolist() == objects.tolist()


labellings = arrays(
    np.uint64, array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=5), elements=st.integers(0, 3)
)


@given(labellings)
def test_holes_are_the_background_that_touches_one_object_only_and_no_side(objects):
    expected = objects.copy()
    holes, count = ndimage.label(objects == 0)
    for hole in range(1, count + 1):
        around = ndimage.binary_dilation(holes == hole) & (holes != hole)
        padded = np.pad(holes == hole, 1)
        open_to_a_side = ndimage.binary_dilation(padded)[~np.pad(np.ones(objects.shape, bool), 1)].any()
        owners = np.unique(objects[around])
        if len(owners) == 1 and not open_to_a_side:
            expected[holes == hole] = owners[0]
    np.testing.assert_array_equal(without_holes(objects), expected)


@given(labellings)
def test_objects_are_numbered_from_1_on_in_their_order(objects):
    compact = numbered(objects)
    assert compact.dtype == np.uint8
    assert set(np.unique(compact)) - {0} == set(range(1, len(np.unique(objects[objects > 0])) + 1))
    used, places = np.unique(objects, return_inverse=True)
    np.testing.assert_array_equal(compact, places.reshape(objects.shape) + (used[0] != 0))


@pytest.mark.parametrize(("count", "dtype"), [(0, np.uint8), (255, np.uint8), (256, np.uint16)])
def test_ids_take_the_smallest_dtype_that_holds_them(count, dtype):
    objects = np.zeros((2, 300), np.uint64)
    objects[0, :count] = np.arange(1, count + 1) * 7
    assert numbered(objects).dtype == dtype
    assert numbered(objects).max() == count


def test_components_follow_the_ties_and_lone_voxels_have_none():
    along_y = [[1, 0, 0, 0], [0, 0, 0, 0]]
    along_x = [[1, 0, 0, 0], [0, 0, 1, 0]]
    connected = np.array([along_y, along_x], np.bool_)
    assert components(connected).tolist() == [[1, 1, 0, 0], [1, 0, 2, 2]]


@given(array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=5).flatmap(lambda s: arrays(np.bool_, s)))
def test_components_of_ties_between_alike_voxels_are_those_of_scipy(inside):
    connected = np.zeros((inside.ndim, *inside.shape), np.bool_)
    for axis in range(inside.ndim):
        moved = np.zeros_like(inside)
        before = (slice(None),) * axis + (slice(0, -1),)
        moved[before] = inside[(slice(None),) * axis + (slice(1, None),)]
        connected[axis] = inside & moved
    expected, _ = ndimage.label(inside)
    sizes = np.bincount(expected.ravel())
    expected[sizes[expected] < 2] = 0
    np.testing.assert_array_equal(
        components(connected),
        np.unique(expected, return_inverse=True)[1].reshape(inside.shape) + (0 not in expected),
    )
