"""What the geometric augments draw."""

from collections import Counter

import numpy as np
import pytest

from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.augments.elastic import Elastic
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.augments.rotate import Rotate
from napari_dacapo.augments.scale import Scale
from napari_dacapo.augments.transpose import Transpose
from napari_dacapo.errors import UserInputError

CUBE = (8, 8, 8)
EVEN = (1.0, 1.0, 1.0)


class NoPhase(np.random.Generator):
    """Draws 0 wherever a number from 0 to 1 is asked for: control points fall on the field's points."""

    def random(self, *args: object, **kwargs: object) -> float:  # type: ignore[override]
        return 0.0


def fields(elastic: Elastic, shape: Voxels, voxel_size: World, count: int) -> np.ndarray:
    """Several draws of the displacement, (count, dims, ...)."""
    found = []
    for seed in range(count):
        warp = elastic.draw(np.random.default_rng(seed), shape, voxel_size)
        assert warp.displacement is not None
        found.append(warp.displacement.field)
    return np.stack(found)


def test_each_axis_is_mirrored_every_second_time_independently_of_the_others() -> None:
    rng = np.random.default_rng(0)
    found = Counter(tuple(np.diag(Mirror().draw(rng, CUBE, EVEN).matrix).tolist()) for _ in range(4000))
    assert len(found) == 8
    assert all(400 < count < 600 for count in found.values())  # 500 wanted, 21 their deviation


def test_only_the_axes_named_are_mirrored() -> None:
    rng = np.random.default_rng(0)
    found = {tuple(np.diag(Mirror(axes=("y",)).draw(rng, CUBE, EVEN).matrix)) for _ in range(50)}
    assert found == {(1, 1, 1), (1, -1, 1)}


def swaps(
    transpose: Transpose, shape: Voxels, voxel_size: World, count: int = 50
) -> Counter[tuple[int, ...]]:
    """How often each order of axes is drawn."""
    rng = np.random.default_rng(0)
    drawn = (transpose.draw(rng, shape, voxel_size).matrix for _ in range(count))
    return Counter(tuple(matrix.argmax(1).tolist()) for matrix in drawn)


def test_every_order_of_equal_axes_is_as_likely() -> None:
    found = swaps(Transpose(), CUBE, EVEN, 3000)
    assert len(found) == 6
    assert all(400 < count < 600 for count in found.values())


@pytest.mark.parametrize(
    ("shape", "voxel_size", "orders"),
    [
        (CUBE, (4.0, 1.0, 1.0), {(0, 1, 2), (0, 2, 1)}),
        ((4, 8, 8), EVEN, {(0, 1, 2), (0, 2, 1)}),
        ((8, 4, 8), (1.0, 2.0, 1.0), {(0, 1, 2), (2, 1, 0)}),
        ((4, 8, 16), EVEN, {(0, 1, 2)}),
        ((8, 8), (1.0, 1.0), {(0, 1), (1, 0)}),
        ((8, 8), (1.0, 2.0), {(0, 1)}),
    ],
)
def test_axes_are_swapped_only_where_patch_and_voxels_are_alike(
    shape: Voxels, voxel_size: World, orders: set[tuple[int, ...]]
) -> None:
    assert set(swaps(Transpose(), shape, voxel_size)) == orders


def test_only_the_axes_named_are_swapped() -> None:
    assert set(swaps(Transpose(axes=("y", "x")), CUBE, EVEN)) == {(0, 1, 2), (0, 2, 1)}


def test_angles_are_drawn_from_the_range_and_turn_y_towards_x() -> None:
    rng = np.random.default_rng(0)
    drawn = [Rotate(lowest=30.0, highest=60.0).draw(rng, CUBE, EVEN).matrix for _ in range(500)]
    # what lies at +y is seen where the matrix leads to +y from
    seen = np.array([np.linalg.inv(matrix) @ (0, 1, 0) for matrix in drawn])
    angles = np.rad2deg(np.arctan2(seen[:, 2], seen[:, 1]))
    assert 30 <= angles.min() < 31 and 59 < angles.max() <= 60
    assert angles.mean() == pytest.approx(45, abs=1.5)
    np.testing.assert_array_equal(seen[:, 0], 0)


def test_any_orientation_is_as_likely() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([Rotate(uniform_3d=True).draw(rng, CUBE, EVEN).matrix for _ in range(3000)])
    np.testing.assert_allclose(
        drawn @ drawn.transpose(0, 2, 1), np.broadcast_to(np.eye(3), drawn.shape), atol=1e-9
    )
    np.testing.assert_allclose(np.linalg.det(drawn), 1)
    # every coordinate of a point anywhere on a sphere is even from -1 to 1: mean 0, variance 1/3
    np.testing.assert_allclose(drawn.mean(0), 0, atol=0.05)
    np.testing.assert_allclose(drawn.var(0), 1 / 3, atol=0.03)
    # the mean angle of a rotation drawn evenly is pi/2 + 2/pi
    angles = np.arccos(np.clip((np.trace(drawn, axis1=1, axis2=2) - 1) / 2, -1, 1))
    assert angles.mean() == pytest.approx(np.pi / 2 + 2 / np.pi, abs=0.05)


def test_any_orientation_of_an_image_is_an_angle_in_its_plane() -> None:
    matrix = Rotate(lowest=90.0, uniform_3d=True).draw(np.random.default_rng(0), (8, 8), (1.0, 1.0)).matrix
    np.testing.assert_allclose(matrix, [[0, 1], [-1, 0]], atol=1e-12)


def test_things_look_as_often_larger_as_smaller_and_alike_along_every_axis() -> None:
    rng = np.random.default_rng(0)
    drawn = np.array(
        [Scale(lowest=0.5, highest=2.0).draw(rng, CUBE, (4.0, 1.0, 1.0)).matrix for _ in range(1000)]
    )
    factors = 1 / drawn[:, 0, 0]
    np.testing.assert_array_equal(drawn, np.eye(3) / factors.reshape(-1, 1, 1))
    assert 0.5 <= factors.min() < 0.51 and 1.97 < factors.max() <= 2
    assert np.median(factors) == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("voxel_size", [EVEN, (4.0, 1.0, 1.0), (8.0, 8.0, 16.0)])
def test_control_points_move_by_sigma_times_the_finest_voxel_along_every_axis(voxel_size: World) -> None:
    elastic = Elastic(control_point_spacing=16.0, control_point_displacement_sigma=2.5, subsample=16)
    warp = elastic.draw(NoPhase(np.random.PCG64(0)), (160, 160, 160), voxel_size)
    assert warp.displacement is not None
    assert warp.displacement.spacing == (16 * min(voxel_size),) * 3
    moves = warp.displacement.field.reshape(3, -1)
    np.testing.assert_allclose(moves.std(1), 2.5 * min(voxel_size), rtol=0.05)
    np.testing.assert_allclose(moves.mean(1), 0, atol=0.2 * min(voxel_size))


def test_between_control_points_the_field_moves_less_and_has_no_favourite_direction() -> None:
    elastic = Elastic(control_point_spacing=20.0, control_point_displacement_sigma=3.0, subsample=4)
    found = fields(elastic, (40, 40, 40), EVEN, 40)
    # a cubic spline through independent points has 0.87 of their variance along an axis, on average
    np.testing.assert_allclose(found.std((0, 2, 3, 4)), 3.0 * 0.87**1.5, rtol=0.12)
    np.testing.assert_allclose(found.mean((0, 2, 3, 4)), 0, atol=0.4)


def test_the_field_is_smooth_between_control_points() -> None:
    elastic = Elastic(control_point_spacing=40.0, control_point_displacement_sigma=5.0, subsample=2)
    field = fields(elastic, (80, 80), (1.0, 1.0), 1)[0]
    assert np.abs(np.diff(field, axis=1)).max() < 2.0  # 2 of 40 voxels on: a small part of 5
    assert np.abs(np.diff(field, 2, axis=1)).max() < 0.2


@pytest.mark.parametrize(
    ("shape", "voxel_size", "subsample", "counts"),
    [
        ((17, 17, 17), EVEN, 8, (3, 3, 3)),
        ((18, 17, 1), EVEN, 8, (4, 3, 1)),
        ((17, 17, 17), (40.0, 4.0, 4.0), 8, (17, 3, 3)),  # sections further apart than the points
    ],
)
def test_the_field_covers_the_patch(shape: Voxels, voxel_size: World, subsample: int, counts: Voxels) -> None:
    warp = Elastic(subsample=subsample).draw(np.random.default_rng(0), shape, voxel_size)
    assert warp.displacement is not None
    assert warp.displacement.shape == counts


def test_sections_stay_flat_where_only_y_and_x_move() -> None:
    field = fields(Elastic(axes=("y", "x")), (32, 32, 32), EVEN, 1)[0]
    np.testing.assert_array_equal(field[0], 0)
    assert field[1].any() and field[2].any()


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: Rotate(lowest=10.0, highest=5.0), "Rotate"),
        (lambda: Scale(lowest=2.0, highest=1.0), "Scale"),
        (lambda: Scale(lowest=0.0), "lowest"),
        (lambda: Rotate(highest=361.0), "highest"),
        (lambda: Elastic(control_point_spacing=1.0), "control_point_spacing"),
        (lambda: Elastic(control_point_displacement_sigma=-1.0), "control_point_displacement_sigma"),
        (lambda: Elastic(subsample=0), "subsample"),
        (lambda: Mirror(axes=("t",)), "axes.0"),
        (lambda: Mirror(probability=1.5), "probability"),
    ],
)
def test_values_out_of_range_are_refused_by_their_field(build: object, field: str) -> None:
    with pytest.raises(UserInputError) as caught:
        build()  # type: ignore[operator]
    assert caught.value.field == field
