"""What the intensity augments do to intensities."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from napari_dacapo.augments.augment import IntensityAugment
from napari_dacapo.augments.blur import Blur
from napari_dacapo.augments.gamma import Gamma
from napari_dacapo.augments.gaussian_noise import GaussianNoise
from napari_dacapo.augments.intensity_scale_shift import IntensityScaleShift
from napari_dacapo.augments.low_contrast_sections import LowContrastSections
from napari_dacapo.augments.missing_sections import MissingSections
from napari_dacapo.augments.poisson_noise import PoissonNoise
from napari_dacapo.errors import UserInputError

RAMP = np.linspace(0, 1, 1000, dtype=np.float32).reshape(1, 10, 10, 10)
GREY = np.full((1, 64, 64, 64), 0.25, np.float32)
EVEN = (1.0, 1.0, 1.0)


def draws(augment: IntensityAugment, name: str, count: int = 2000, shape: Any = (10,) * 3) -> np.ndarray:
    """One parameter, drawn many times."""
    rng = np.random.default_rng(0)
    return np.array([augment.draw(rng, shape, EVEN)[name] for _ in range(count)])


def is_even(values: np.ndarray, low: float, high: float) -> bool:
    """Whether values may have been drawn evenly from a range."""
    return bool(stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > 0.01)


@pytest.mark.parametrize(("exponent", "middle"), [(2.0, 0.25), (1.0, 0.5), (0.5, 0.5**0.5)])
def test_gamma_is_a_power_between_the_extremes_which_it_keeps(exponent: float, middle: float) -> None:
    raw = np.array([[[-1.0, 0.0, 1.0]]], np.float32)  # the middle lies halfway
    changed = Gamma().act(raw, exponent=exponent)
    np.testing.assert_allclose(changed[0, 0], [-1, -1 + 2 * middle, 1], rtol=1e-6)


def test_gamma_leaves_a_patch_of_one_intensity_as_it_is() -> None:
    np.testing.assert_array_equal(Gamma().act(GREY, exponent=2.0), GREY)


def test_gamma_brightens_as_often_as_it_darkens() -> None:
    assert is_even(np.log(draws(Gamma(lowest=0.5, highest=2.0), "exponent")), np.log(0.5), np.log(2))


def test_contrast_changes_about_the_mean_and_brightness_is_added() -> None:
    raw = np.array([[[0.2, 0.4, 0.6]]], np.float32)
    changed = IntensityScaleShift().act(raw, scale=2.0, shift=0.1)
    np.testing.assert_allclose(changed[0, 0], [0.1, 0.5, 0.9], rtol=1e-6)


def test_what_leaves_the_range_is_cut_off_only_where_asked_for() -> None:
    raw = np.array([[[0.0, 0.5, 1.0]]], np.float32)
    changed = {clip: IntensityScaleShift(clip=clip).act(raw, scale=2.0, shift=0.0) for clip in (False, True)}
    np.testing.assert_allclose(changed[False][0, 0], [-0.5, 0.5, 1.5])
    np.testing.assert_allclose(changed[True][0, 0], [0, 0.5, 1])


def test_scale_and_shift_are_drawn_evenly_from_their_ranges() -> None:
    augment = IntensityScaleShift(lowest_scale=0.5, highest_scale=3.0, lowest_shift=-0.2, highest_shift=0.6)
    assert is_even(draws(augment, "scale"), 0.5, 3.0)
    assert is_even(draws(augment, "shift"), -0.2, 0.6)


def test_gaussian_noise_has_the_sigma_drawn_and_no_bias() -> None:
    noise = GaussianNoise().act(GREY, sigma=0.05, seed=3) - GREY
    assert noise.std() == pytest.approx(0.05, rel=0.02)
    assert noise.mean() == pytest.approx(0, abs=0.0005)
    assert stats.kurtosis(noise, None) == pytest.approx(0, abs=0.05)


def test_the_sigma_of_gaussian_noise_is_drawn_evenly_from_0_up() -> None:
    assert is_even(draws(GaussianNoise(highest_sigma=0.2), "sigma"), 0, 0.2)


@pytest.mark.parametrize("brightness", [0.1, 1.0])
def test_the_variance_of_shot_noise_is_the_mean_over_the_photons(brightness: float) -> None:
    raw = np.full((1, 64, 64, 64), brightness, np.float32)
    changed = PoissonNoise().act(raw, photons=50.0, seed=3)
    assert changed.mean() == pytest.approx(brightness, rel=0.01)
    assert changed.var() == pytest.approx(brightness / 50, rel=0.02)
    counts = changed * 50
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-4)


def test_what_is_dark_or_below_counts_no_photons() -> None:
    raw = np.array([[[-0.5, 0.0]]], np.float32)
    np.testing.assert_array_equal(PoissonNoise().act(raw, photons=50.0, seed=3), raw)


def test_a_patch_gets_up_to_ten_times_the_fewest_photons() -> None:
    assert is_even(np.log10(draws(PoissonNoise(fewest_photons=20.0), "photons")), np.log10(20), np.log10(200))


@pytest.mark.parametrize("sigma", [1.0, 2.0])
def test_blur_spreads_a_point_by_its_sigma_and_keeps_its_sum(sigma: float) -> None:
    raw = np.zeros((1, 41, 41, 41), np.float32)
    raw[0, 20, 20, 20] = 1
    changed = Blur().act(raw, sigma=(0.0, sigma, sigma))
    assert changed.sum() == pytest.approx(1, rel=1e-5)
    np.testing.assert_array_equal(np.flatnonzero(changed.sum((0, 2, 3))), [20])
    line = changed.sum((0, 1, 2))
    assert (line * (np.arange(41) - 20) ** 2).sum() == pytest.approx(sigma**2, rel=0.04)


@pytest.mark.parametrize(
    ("in_plane", "voxel_size", "parts"),
    [
        (True, (1.0, 1.0, 1.0), (0, 1, 1)),
        (False, (1.0, 1.0, 1.0), (1, 1, 1)),
        (False, (4.0, 1.0, 2.0), (0.25, 1, 0.5)),
        (True, (2.0, 1.0), (0.5, 1)),
    ],
)
def test_blur_goes_as_far_in_the_world_along_every_axis(
    in_plane: bool, voxel_size: tuple[float, ...], parts: tuple[float, ...]
) -> None:
    sigma = Blur(in_plane=in_plane).draw(np.random.default_rng(0), (8,) * len(voxel_size), voxel_size)[
        "sigma"
    ]
    np.testing.assert_allclose(np.array(sigma) / max(sigma), parts)


def test_blur_keeps_channels_apart() -> None:
    raw = np.stack([np.zeros((9, 9), np.float32), np.ones((9, 9), np.float32)])
    np.testing.assert_allclose(Blur().act(raw, sigma=(2.0, 2.0)), raw, atol=1e-6)


@pytest.mark.parametrize("kind", [MissingSections, LowContrastSections])
def test_each_section_is_changed_as_often_as_said(kind: Any) -> None:
    rng = np.random.default_rng(0)
    drawn = [kind(section_probability=0.2).draw(rng, (50, 8, 8), EVEN)["sections"] for _ in range(200)]
    counts = np.bincount(np.concatenate(drawn), minlength=50)
    assert counts.sum() == pytest.approx(2000, abs=160)  # 40 is the deviation
    assert stats.chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize("kind", [MissingSections, LowContrastSections])
@pytest.mark.parametrize(
    ("axis", "shape", "sections"),
    [("z", (3, 4, 5), 3), ("y", (3, 4, 5), 4), ("x", (3, 4, 5), 5), ("z", (4, 5), 0), ("x", (4, 5), 5)],
)
def test_sections_lie_across_the_axis_named(
    kind: Any, axis: str, shape: tuple[int, ...], sections: int
) -> None:
    augment = kind(axis=axis, section_probability=1.0)
    drawn = augment.draw(np.random.default_rng(0), shape, EVEN[-len(shape) :])["sections"]
    assert drawn == tuple(range(sections))
    raw = np.random.default_rng(0).random((2, *shape), np.float32)
    changed = augment.act(raw, sections=drawn[1:2])
    across = np.moveaxis(changed != raw, 1 + "zyx"[-len(shape) :].find(axis), 0)
    assert [bool(section.any()) for section in across] == [
        i == 1 and sections > 0 for i in range(len(across))
    ]


def test_a_missing_section_is_black() -> None:
    changed = MissingSections().act(RAMP, sections=(2, 7))
    np.testing.assert_array_equal(changed[:, [2, 7]], 0)
    np.testing.assert_array_equal(np.delete(changed, [2, 7], 1), np.delete(RAMP, [2, 7], 1))


def test_a_section_of_low_contrast_keeps_its_mean_in_every_channel() -> None:
    raw = np.random.default_rng(0).random((2, 4, 30, 30), np.float32)
    raw[1] += 5
    changed = LowContrastSections(contrast=0.25).act(raw, sections=(1,))
    np.testing.assert_allclose(changed.mean((2, 3)), raw.mean((2, 3)), rtol=1e-5)
    np.testing.assert_allclose(changed[:, 1].std((1, 2)), 0.25 * raw[:, 1].std((1, 2)), rtol=1e-4)
    np.testing.assert_array_equal(changed[:, [0, 2, 3]], raw[:, [0, 2, 3]])


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: Gamma(lowest=2.0, highest=1.0), "Gamma"),
        (lambda: Gamma(lowest=0.0), "lowest"),
        (lambda: IntensityScaleShift(lowest_shift=0.5, highest_shift=0.1), "IntensityScaleShift"),
        (lambda: IntensityScaleShift(lowest_scale=-1.0), "lowest_scale"),
        (lambda: GaussianNoise(highest_sigma=0.0), "highest_sigma"),
        (lambda: PoissonNoise(fewest_photons=0.5), "fewest_photons"),
        (lambda: Blur(highest_sigma=float("nan")), "highest_sigma"),
        (lambda: LowContrastSections(contrast=1.0), "contrast"),
        (lambda: MissingSections(section_probability=2.0), "section_probability"),
    ],
)
def test_values_out_of_range_are_refused_by_their_field(build: Any, field: str) -> None:
    with pytest.raises(UserInputError) as caught:
        build()
    assert caught.value.field == field
