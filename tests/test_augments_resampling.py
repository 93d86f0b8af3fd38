"""Taking a patch through a warp: exact where it can be, else interpolated; mirrored or unknown beyond."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from patches import array, numbered

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.augment import GeometricAugment
from napari_dacapo.augments.elastic import Elastic
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.augments.resampling.lookup import Lookup, PatchGrid
from napari_dacapo.augments.resampling.narrow import narrowed
from napari_dacapo.augments.resampling.take import take_linear, take_nearest
from napari_dacapo.augments.rotate import Rotate
from napari_dacapo.augments.scale import Scale
from napari_dacapo.augments.transpose import Transpose
from napari_dacapo.augments.warp import Displacement, Warp, compose

SIDE = 9
IMAGE = np.random.default_rng(0).random((SIDE,) * 2, np.float32)
VOLUME = np.random.default_rng(0).random((SIDE,) * 3, np.float32)
IDS = {2: numbered((SIDE,) * 2), 3: numbered((SIDE,) * 3)}
TURN_2D = np.array([[0.0, 1.0], [-1.0, 0.0]])
TURN_3D = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


def lookup(of: Array, warp: Warp, shape: Voxels, centre: World, voxel_size: World | None = None) -> Lookup:
    """For a patch of that shape about its own centre."""
    size = voxel_size or (1.0,) * len(shape)
    first = tuple(-(n - 1) / 2 * v for n, v in zip(shape, size, strict=True))
    return Lookup.of(warp, PatchGrid(shape, first, size), centre, of)


def raw_of(data: np.ndarray, warp: Warp, **where: Any) -> NDArray[np.float32]:
    """The whole of an image or volume through a warp about its centre, unless told where."""
    of = array(data)
    middle = tuple(n / 2 for n in data.shape)
    found = take_linear(of, lookup(of, warp, **{"shape": data.shape, "centre": middle} | where))
    return found.reshape(where.get("shape", data.shape))


def labels_of(data: np.ndarray, warp: Warp, **where: Any) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    of, everywhere = array(data), array(np.ones(data.shape, np.bool_))
    middle = tuple(n / 2 for n in data.shape)
    ids, known = take_nearest(
        of, everywhere, lookup(of, warp, **{"shape": data.shape, "centre": middle} | where)
    )
    shape = where.get("shape", data.shape)
    return ids.reshape(shape), known.reshape(shape)


def nearly(warp: Warp) -> Warp:
    """The same, displaced too little to move anything to another voxel: it takes the compiled loop."""
    dims = len(warp.matrix)
    return Warp(warp.matrix, Displacement(np.full((dims,) + (2,) * dims, 1e-5, np.float32), (5.0,) * dims))


EXACT = [
    (np.eye(2), lambda a: a),
    (np.diag([-1.0, 1.0]), lambda a: np.flip(a, 0)),
    (np.diag([-1.0, -1.0]), lambda a: np.flip(a, (0, 1))),
    (np.eye(2)[[1, 0]], lambda a: a.T),
    (TURN_2D, lambda a: np.rot90(a, 1, (0, 1))),
    (-TURN_2D, lambda a: np.rot90(a, 3, (0, 1))),
    (np.eye(3), lambda a: a),
    (np.diag([-1.0, 1.0, -1.0]), lambda a: np.flip(a, (0, 2))),
    (np.eye(3)[[1, 2, 0]], lambda a: a.transpose(2, 0, 1)),
    (np.diag([1.0, -1.0, 1.0]) @ np.eye(3)[[2, 0, 1]], lambda a: np.flip(a, 1).transpose(1, 2, 0)),
    (TURN_3D, lambda a: np.rot90(a, 1, (1, 2))),
    (TURN_3D @ TURN_3D @ TURN_3D, lambda a: np.rot90(a, 3, (1, 2))),
]


@pytest.mark.parametrize(("matrix", "expected"), EXACT)
def test_identity_mirrors_swaps_and_quarter_turns_are_those_of_numpy(
    matrix: np.ndarray, expected: Any
) -> None:
    data = IMAGE if len(matrix) == 2 else VOLUME
    np.testing.assert_array_equal(raw_of(data, Warp(matrix)), expected(data))
    ids, known = labels_of(IDS[data.ndim], Warp(matrix))
    np.testing.assert_array_equal(ids, expected(IDS[data.ndim]))
    assert known.all()


@pytest.mark.parametrize(("matrix", "expected"), EXACT)
def test_the_compiled_loop_gives_the_same(matrix: np.ndarray, expected: Any) -> None:
    data = IMAGE if len(matrix) == 2 else VOLUME
    np.testing.assert_allclose(raw_of(data, nearly(Warp(matrix))), expected(data), atol=1e-4)
    np.testing.assert_array_equal(
        labels_of(IDS[data.ndim], nearly(Warp(matrix)))[0], expected(IDS[data.ndim])
    )


def test_a_swapped_patch_that_is_no_square_takes_what_lies_about_its_centre() -> None:
    swap, where = Warp(np.eye(2)[[1, 0]]), {"shape": (2, 4), "centre": (5.0, 4.0)}
    expected = IMAGE[3:7, 3:5].T
    np.testing.assert_array_equal(raw_of(IMAGE, swap, **where), expected)
    np.testing.assert_allclose(raw_of(IMAGE, nearly(swap), **where), expected, atol=1e-4)


def test_an_exact_patch_owns_its_memory() -> None:
    data = IMAGE.copy()
    patch = raw_of(data, Warp(np.eye(2)))
    patch[:] = 7
    np.testing.assert_array_equal(data, IMAGE)
    assert patch.flags.c_contiguous


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (0.5, [0.5, 1.5, 2.5, 2.5]),  # the last lies half a voxel beyond, and is mirrored
        (2.0, [2, 3, 2, 1]),
        (-1.0, [1, 0, 1, 2]),
        (-1.25, [1.25, 0.25, 0.75, 1.75]),
        (7.0, [1, 2, 3, 2]),  # 0 1 2 3 2 1 0 1 2 3 2
        (-601.0, [1, 0, 1, 2]),  # 100 times there and back
    ],
)
def test_raw_is_linear_between_voxels_and_mirrored_beyond_the_array(
    shift: float, expected: list[float]
) -> None:
    line = np.arange(4, dtype=np.float32).reshape(1, 1, 4)
    for warp in (Warp(np.eye(3)), nearly(Warp(np.eye(3)))):
        found = raw_of(line, warp, shape=(1, 1, 4), centre=(0.5, 0.5, 2.0 + shift))
        np.testing.assert_allclose(found[0, 0], expected, atol=1e-4)


def test_a_single_voxel_is_everywhere_beyond_itself() -> None:
    warp = Rotate(lowest=30.0, highest=30.0).draw(np.random.default_rng(0), (3, 3), (1.0, 1.0))
    np.testing.assert_array_equal(raw_of(np.full((1, 1), 5, np.float32), warp, shape=(3, 3)), 5)


@pytest.mark.parametrize(
    ("shift", "ids", "known"),
    [
        (2.0, [3, 4, 0, 0], [True, True, False, False]),
        (-1.0, [0, 1, 2, 3], [False, True, True, True]),
        (0.5, [2, 3, 4, 0], [True, True, True, False]),  # between two voxels: the upper
        (-0.5, [1, 2, 3, 4], [True, True, True, True]),
        (0.4, [1, 2, 3, 4], [True, True, True, True]),
        (100.0, [0, 0, 0, 0], [False, False, False, False]),
    ],
)
def test_labels_are_those_of_the_voxel_a_place_lies_in_and_unknown_beyond(
    shift: float, ids: list[int], known: list[bool]
) -> None:
    line = numbered((1, 1, 4))
    for warp in (Warp(np.eye(3)), nearly(Warp(np.eye(3)))):
        found, trusted = labels_of(line, warp, shape=(1, 1, 4), centre=(0.5, 0.5, 2.0 + shift))
        np.testing.assert_array_equal(found[0, 0], ids)
        np.testing.assert_array_equal(trusted[0, 0], known)


def test_a_voxel_that_the_mask_leaves_out_is_unknown_wherever_it_goes() -> None:
    mask = np.ones((SIDE,) * 3, np.bool_)
    mask[2, 3, 4] = False
    ids, known = take_nearest(
        array(IDS[3]), array(mask), lookup(array(IDS[3]), nearly(Warp(TURN_3D)), (SIDE,) * 3, (4.5,) * 3)
    )
    assert ids[0][~known].tolist() == [IDS[3][2, 3, 4]]


GEOMETRIC: list[GeometricAugment] = [
    Mirror(),
    Transpose(),
    Rotate(highest=360.0),
    Rotate(uniform_3d=True),
    Scale(lowest=0.5, highest=2.0),
    Elastic(control_point_spacing=6.0, control_point_displacement_sigma=1.5, subsample=2),
]
warps = st.tuples(
    st.integers(0, 2**32), st.lists(st.sampled_from(GEOMETRIC), max_size=4), st.sampled_from([2, 3])
)


def drawn(seed: int, augments: list[GeometricAugment], dims: int, voxel_size: World) -> Warp:
    rng = np.random.default_rng(seed)
    return compose([each.draw(rng, (6,) * dims, voxel_size) for each in augments], dims)


@settings(max_examples=60)
@given(warps, st.integers(-12, 12))
def test_no_warp_invents_an_id_or_leaves_the_range_of_raw(drawing: Any, shift: int) -> None:
    seed, augments, dims = drawing
    warp = drawn(seed, augments, dims, (1.0,) * dims)
    where = {"shape": (6,) * dims, "centre": (4.5 + shift,) * dims}
    raw = raw_of(VOLUME if dims == 3 else IMAGE, warp, **where)
    assert raw.min() >= 0 and raw.max() <= 1
    ids, known = labels_of(IDS[dims], warp, **where)
    assert set(ids[known].tolist()) <= set(IDS[dims].ravel().tolist())
    assert not ids[~known].any()


GRIDS = [  # voxel sizes of raw and labels, and where the labels begin
    ((1.0,) * 3, (1.0,) * 3, (0.0,) * 3),
    ((1.0,) * 3, (2.0,) * 3, (2.0, -1.0, 0.5)),
    ((2.0,) * 3, (1.0,) * 3, (3.0, 0.0, 2.0)),
    ((4.0, 1.0, 1.0), (4.0, 1.0, 1.0), (4.0, 3.0, -2.0)),
    ((4.0, 1.0, 1.0), (2.0, 2.0, 1.0), (-2.0, 1.25, 0.0)),
]


def places_in(of: Array, shape: Voxels) -> np.ndarray:
    """The centre of every voxel in the world, (3, z, y, x)."""
    indices = np.indices(shape) + 0.5
    column = (3, 1, 1, 1)
    return np.array(of.offset).reshape(column) + indices * np.array(of.voxel_size).reshape(column)


@pytest.mark.parametrize("grid", GRIDS)
@settings(max_examples=20)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(GEOMETRIC), max_size=4))
def test_raw_and_labels_stay_together(grid: Any, seed: int, augments: list[GeometricAugment]) -> None:
    """Raw holds its own place in the world, each label the number of its voxel: they must agree."""
    raw_size, label_size, offset = grid
    extent = np.array([48.0, 24.0, 24.0])
    shapes = [tuple((extent / size).astype(int).tolist()) for size in (raw_size, label_size)]
    raw = array(np.zeros((3, *shapes[0]), np.float32), raw_size)
    raw = array(places_in(raw, shapes[0]).astype(np.float32), raw_size)
    labels = array(numbered(shapes[1]), label_size, offset=offset)
    warp = drawn(seed, augments, 3, raw_size)
    centre = tuple((extent / 2).tolist())
    image = take_linear(raw, lookup(raw, warp, (5, 7, 6), centre, raw_size))
    everywhere = array(np.ones(shapes[1], np.bool_), label_size, offset=offset)
    ids, known = take_nearest(labels, everywhere, lookup(labels, warp, (5, 7, 6), centre, raw_size))
    label_places = places_in(labels, shapes[1]).reshape(3, -1)[:, ids[0][known].astype(int) - 1]
    column = np.array(raw_size).reshape(3, 1)
    inside = ((label_places > 1.5 * column) & (label_places < extent.reshape(3, 1) - 1.5 * column)).all(0)
    apart = np.abs(image[:, known] - label_places)[:, inside]
    assert (apart <= np.array(label_size).reshape(3, 1) / 2 + 1e-3).all()
    assert inside.sum() > 10


def test_two_warps_give_what_one_after_the_other_gives_on_smooth_data() -> None:
    y, x = np.indices((60, 60))
    smooth = (np.sin(y / 9) + np.cos(x / 7)).astype(np.float32)
    first = Elastic(control_point_spacing=20.0, control_point_displacement_sigma=2.0, subsample=2).draw(
        np.random.default_rng(1), (60, 60), (1.0, 1.0)
    )
    second = Rotate(lowest=25.0, highest=25.0).draw(np.random.default_rng(2), (60, 60), (1.0, 1.0))
    one_by_one = raw_of(raw_of(smooth, first), second)
    at_once = raw_of(smooth, compose([first, second], 2))
    inner = (slice(15, 45),) * 2
    assert np.abs(at_once - smooth)[inner].max() > 0.2
    np.testing.assert_allclose(at_once[inner], one_by_one[inner], atol=0.02)


def test_a_quarter_turn_of_flat_voxels_turns_the_world_not_the_grid() -> None:
    """Voxels of 2 x 1: the four voxels right of the centre become two above it."""
    raw = array(np.arange(32, dtype=np.float32).reshape(4, 8), (2.0, 1.0))
    found = take_linear(raw, lookup(raw, Warp(TURN_2D), (4, 8), (4.0, 4.0), (2.0, 1.0)))[0, 0]
    # place (y, x) = (-3, 0.5) is filled from (0.5, 3): a quarter of the way from row 1 to row 2 and half
    # a voxel from column 6 to 7
    expected = 0.25 * (8 + 6.5) + 0.75 * (16 + 6.5)
    assert found[0, 4] == pytest.approx(expected)


@settings(max_examples=60)
@given(warps, st.integers(-4, 4))
def test_a_patch_reads_no_voxel_that_it_does_not_need_twice_over(drawing: Any, shift: int) -> None:
    """What is read covers every place looked at, with a voxel or two to spare."""
    seed, augments, dims = drawing
    warp = drawn(seed, augments, dims, (1.0,) * dims)
    of = array(VOLUME if dims == 3 else IMAGE)
    found = lookup(of, warp, (6,) * dims, (4.5 + shift,) * dims)
    low, high = (each[-dims:] for each in found.bounds())
    points = np.stack(np.meshgrid(*(np.linspace(-2.5, 2.5, 11),) * dims, indexing="ij")).reshape(dims, -1)
    moves = 0 if warp.displacement is None else warp.displacement.at(points)
    places = warp.matrix @ (points + moves) + 4.5 + shift - 0.5
    assert (places.min(1) >= low - 1e-3).all() and (places.max(1) <= high - 1 + 1e-3).all()
    assert (places.min(1) <= low + 2).all() and (places.max(1) >= high - 4).all()


@pytest.mark.parametrize(
    ("highest", "dtype"),
    [
        (0, np.uint16),
        (2**16 - 1, np.uint16),
        (2**16, np.uint32),
        (2**32 - 1, np.uint32),
        (2**32, np.uint64),
        (2**63 + 5, np.uint64),
    ],
)
def test_ids_take_as_few_bytes_as_the_largest_needs(highest: int, dtype: type) -> None:
    ids = np.zeros((1, 2, 3, 4), np.uint64)
    ids[0, 1, 2, 3] = highest
    found = narrowed(ids[:, :, :, ::-1])
    assert found.dtype == dtype
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(found, ids[:, :, :, ::-1])


@pytest.mark.parametrize("dtype", ["u1", ">u2", ">u4", "<u8", ">u8"])
@pytest.mark.parametrize("warp", [Warp(np.eye(2)), nearly(Warp(np.eye(2)))])
def test_labels_of_any_unsigned_type_and_byte_order_are_taken(dtype: str, warp: Warp) -> None:
    ids = (IDS[2] + 100).astype(dtype)
    np.testing.assert_array_equal(labels_of(ids, warp)[0], ids)


@pytest.mark.parametrize("dtype", ["u1", ">i2", ">f4", "<f8"])
@pytest.mark.parametrize("warp", [Warp(np.eye(2)), nearly(Warp(np.eye(2)))])
def test_raw_of_any_type_becomes_float32(dtype: str, warp: Warp) -> None:
    found = raw_of(IDS[2].astype(dtype), warp)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, IDS[2], atol=1e-2)
