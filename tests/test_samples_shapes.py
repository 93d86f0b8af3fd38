import numpy as np
import pytest

from napari_dacapo.samples.balls import ball, paint_ball
from napari_dacapo.samples.packing import packed
from napari_dacapo.samples.smooth_noise import smooth_noise
from napari_dacapo.samples.tubes import Tubes


def tube(middle: tuple[float, float, float], along: int, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """A straight strand of 40 balls, 1 apart, whose middle is at a place."""
    centres = np.tile(np.array(middle), (1, 40, 1))
    centres[0, :, along] += np.arange(40) - 20
    return centres, np.full((1, 40), radius)


def tubes(*parts: tuple[np.ndarray, np.ndarray]) -> Tubes:
    centres, radii = zip(*parts, strict=True)
    return Tubes(np.array(centres), np.array(radii))


@pytest.mark.parametrize(
    ("shape", "voxel_size", "voxels"),
    [
        ((5, 5, 5), (1.0, 1.0, 1.0), 7),  # the middle and its six neighbours
        ((5, 5), (1.0, 1.0), 5),
        ((5, 5, 5), (2.0, 1.0, 1.0), 5),  # the neighbours along z are 2 away
    ],
)
def test_a_ball_holds_the_voxels_within_its_radius(shape, voxel_size, voxels):
    box, inside = ball(shape, voxel_size, [2 * v for v in voxel_size], 1.0)
    grid = np.zeros(shape, bool)
    grid[box] = inside
    assert grid.sum() == voxels
    assert grid[(2,) * len(shape)]


def test_a_ball_at_the_border_is_cut():
    box, inside = ball((4, 4), (1.0, 1.0), (0.0, 3.0), 1.0)
    assert box == (slice(0, 2), slice(2, 4))
    assert inside.tolist() == [[True, True], [False, True]]


@pytest.mark.parametrize("centre", [(-9.0, 2.0), (2.0, 99.0)])
def test_a_ball_outside_of_the_grid_is_empty(centre):
    _, inside = ball((4, 4), (1.0, 1.0), centre, 1.5)
    assert inside.size == 0


def test_a_painted_ball_stays_in_the_object_of_its_centre():
    labels = np.array([[1, 1, 2, 2]])
    painted = np.zeros((1, 4))
    paint_ball(painted, 5.0, labels, (1.0, 1.0), (0.0, 1.0), 2.0)
    assert painted.tolist() == [[5, 5, 0, 0]]


def test_smooth_noise_changes_little_from_one_voxel_to_the_next():
    noise = smooth_noise(np.random.default_rng(0), (40, 50), (2.0, 1.0), 30.0)
    assert noise.shape == (40, 50)
    assert np.abs(np.diff(noise, axis=0)).max() < 0.5 * noise.std()
    assert np.abs(np.diff(noise, axis=1)).max() < 0.25 * noise.std()


def test_space_between_two_equal_tubes_is_shared_in_the_middle():
    side_by_side = tubes(tube((8, 7.5, 8), 2, 5.0), tube((8, 23.5, 8), 2, 5.0))
    labels = packed(side_by_side, (16, 32, 16), (1.0, 1.0, 1.0))
    assert np.all(labels[:, :15] == 1)
    assert np.all(labels[:, 17:] == 2)


def test_a_thick_tube_cuts_a_thin_one_into_two_objects():
    crossing = tubes(tube((12, 12, 12), 2, 5.0), tube((12, 12, 12), 0, 9.0))
    labels = packed(crossing, (24, 24, 24), (1.0, 1.0, 1.0))
    assert np.unique(labels).tolist() == [1, 2, 3]
    assert labels[12, 12, 0] != labels[12, 12, 23]
    assert np.all(labels[:, 12, 12] == labels[12, 12, 12])


def test_tubes_cross_the_box_they_are_drawn_for():
    drawn = Tubes.draw(np.random.default_rng(0), (400.0, 400.0, 400.0))
    inside = ((drawn.centres > 0) & (drawn.centres < 400)).all(axis=-1)
    lengths = np.linalg.norm(drawn.centres[:, 0, -1] - drawn.centres[:, 0, 0], axis=-1)
    assert inside.any(axis=(1, 2)).mean() > 0.9
    assert np.median(lengths) > 400
