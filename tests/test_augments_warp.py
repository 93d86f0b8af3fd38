"""Warps: what they do to places, and how several become one."""

import numpy as np
import pytest

from napari_dacapo.augments.warp import Displacement, Warp, compose

HALF_TURN = np.diag([-1.0, -1.0])
QUARTER_TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])
DOUBLE = np.eye(2) / 2


def pushed(y: float, x: float) -> Warp:
    """Every place is filled from one that lies (y, x) further."""
    field = np.ones((2, 3, 3), np.float32) * np.array([y, x], np.float32).reshape(2, 1, 1)
    return Warp(np.eye(2), Displacement(field, (4.0, 4.0)))


def wavy(amplitude: float) -> Warp:
    """Bends smoothly over 80 units, points every 2."""
    points = (np.arange(41) - 20) * 2.0
    y, x = np.meshgrid(points, points, indexing="ij")
    field = amplitude * np.stack([np.sin(x / 20), np.cos(y / 25)])
    return Warp(np.eye(2), Displacement(field.astype(np.float32), (2.0, 2.0)))


def source_of(warp: Warp, places: np.ndarray) -> np.ndarray:
    """The places (2, n) that places are filled from."""
    moves = 0 if warp.displacement is None else warp.displacement.at(places)
    return warp.matrix @ (places + moves)


def test_nothing_composed_leaves_every_place_where_it_is() -> None:
    nothing = compose([], 3)
    np.testing.assert_array_equal(nothing.matrix, np.eye(3))
    assert nothing.displacement is None


@pytest.mark.parametrize(
    ("warps", "place", "source"),
    [
        ([HALF_TURN], (1, 2), (-1, -2)),
        ([QUARTER_TURN], (0, 1), (1, 0)),
        ([DOUBLE], (4, 2), (2, 1)),
        ([QUARTER_TURN, DOUBLE], (0, 4), (2, 0)),
        ([DOUBLE, QUARTER_TURN], (0, 4), (2, 0)),
        ([QUARTER_TURN, np.diag([-1.0, 1.0])], (1, 0), (0, 1)),  # turned, then mirrored along y
        ([np.diag([-1.0, 1.0]), QUARTER_TURN], (1, 0), (0, -1)),  # mirrored along y, then turned
    ],
)
def test_matrices_act_in_the_order_given(
    warps: list[np.ndarray], place: tuple[float, float], source: tuple[float, float]
) -> None:
    whole = compose([Warp(matrix) for matrix in warps], 2)
    np.testing.assert_allclose(whole.matrix @ np.array(place), source, atol=1e-12)


@pytest.mark.parametrize(
    ("warps", "source"),
    [
        ([pushed(1, 0)], (1, 0)),
        ([pushed(1, 0), pushed(0, 2)], (1, 2)),
        ([Warp(DOUBLE), pushed(1, 0)], (0.5, 0)),  # doubled first: one unit there is half a unit here
        ([pushed(1, 0), Warp(DOUBLE)], (1, 0)),
        ([pushed(1, 0), Warp(QUARTER_TURN)], (1, 0)),
        ([Warp(QUARTER_TURN), pushed(1, 0)], (0, -1)),
    ],
)
def test_displacements_count_in_the_places_they_act_on(
    warps: list[Warp], source: tuple[float, float]
) -> None:
    found = source_of(compose(warps, 2), np.zeros((2, 1)))
    np.testing.assert_allclose(found[:, 0], source, atol=1e-6)


@pytest.mark.parametrize(
    "warps",
    [
        [wavy(3.0), Warp(QUARTER_TURN)],
        [Warp(DOUBLE), wavy(3.0)],
        [wavy(2.0), wavy(3.0)],
        [Warp(HALF_TURN), wavy(2.0), Warp(DOUBLE), Warp(QUARTER_TURN), wavy(1.0)],
    ],
)
def test_composed_warps_fill_from_where_they_would_one_after_another(warps: list[Warp]) -> None:
    places = np.random.default_rng(0).uniform(-25, 25, (2, 200))
    one_by_one = places
    for warp in reversed(warps):
        one_by_one = source_of(warp, one_by_one)
    assert np.abs(one_by_one - places).max() > 1
    np.testing.assert_allclose(source_of(compose(warps, 2), places), one_by_one, atol=0.05)


def test_a_displacement_is_linear_between_its_points_and_constant_beyond() -> None:
    field = np.zeros((2, 1, 3), np.float32)
    field[1, 0] = [0, 1, 4]  # at x = -10, 0, 10
    places = np.array([[0.0] * 5, [-30.0, -5.0, 0.0, 5.0, 30.0]])
    found = Displacement(field, (10.0, 10.0)).at(places)
    np.testing.assert_allclose(found[1], [0, 0.5, 1, 2.5, 4])
    np.testing.assert_array_equal(found[0], 0)


def test_the_composed_field_is_as_fine_as_the_finest_and_as_large_as_the_largest() -> None:
    coarse = Warp(np.eye(2), Displacement(np.zeros((2, 5, 5), np.float32), (16.0, 16.0)))
    fine = Warp(np.eye(2), Displacement(np.zeros((2, 5, 5), np.float32), (4.0, 8.0)))
    whole = coarse.then(fine).displacement
    assert whole is not None
    assert whole.spacing == (4.0, 8.0)
    assert whole.shape == (17, 9)  # 64 units along both
