"""Single voxels of no use, and noise that grows with the signal."""

import numpy as np
import pytest

from napari_dacapo.augments.salt_and_pepper import SaltAndPepper
from napari_dacapo.augments.speckle_noise import SpeckleNoise

GREY = np.full((1, 40, 40, 40), 0.25, np.float32)


def test_half_of_the_share_becomes_white_and_half_black() -> None:
    changed = SaltAndPepper().act(GREY, share=0.1, seed=0)
    assert np.mean(changed == 1) == pytest.approx(0.05, abs=0.005)
    assert np.mean(changed == 0) == pytest.approx(0.05, abs=0.005)
    assert np.mean(changed == 0.25) == pytest.approx(0.9, abs=0.01)
    assert (SaltAndPepper().act(GREY, share=0.0, seed=0) == GREY).all()


def test_speckles_are_as_strong_as_the_signal() -> None:
    dark, bright = (SpeckleNoise().act(level * GREY, sigma=0.2, seed=0) for level in (1, 3))
    assert dark.std() == pytest.approx(0.05, rel=0.02)
    assert bright.std() == pytest.approx(0.15, rel=0.02)
    assert dark.mean() == pytest.approx(0.25, rel=0.01)
    assert not SpeckleNoise().act(0 * GREY, sigma=0.2, seed=0).any()


@pytest.mark.parametrize(
    ("augment", "name", "most"),
    [(SaltAndPepper(highest_share=0.2), "share", 0.2), (SpeckleNoise(highest_sigma=0.3), "sigma", 0.3)],
)
def test_the_strength_is_drawn_from_0_up(augment, name, most) -> None:
    rng = np.random.default_rng(0)
    drawn = [augment.draw(rng, (4, 4, 4), (1.0, 1.0, 1.0))[name] for _ in range(500)]
    assert 0 <= min(drawn) < 0.05 * most
    assert 0.95 * most < max(drawn) <= most
