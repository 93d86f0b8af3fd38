"""Samples: pure functions of seed, iteration and index, of every dataset as often as its weight says."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patches import array, numbered, opened, sampler, shape_of
from scipy import stats

from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.augments.augment import Augment
from napari_dacapo.augments.elastic import Elastic
from napari_dacapo.augments.intensity_scale_shift import IntensityScaleShift
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.augments.missing_sections import MissingSections
from napari_dacapo.augments.rotate import Rotate
from napari_dacapo.datasplits.dataset import OpenDataset
from napari_dacapo.trainers import sampler as sampler_module
from napari_dacapo.trainers.sampler import Sample, Sampler
from napari_dacapo.trainers.trainer import Trainer

EVERYTHING = tuple(kind(probability=0.5) for kind in Augment.kinds().values())
SHAPE = shape_of((8, 10, 12), (4, 6, 8), padding=((1, 0, 2), (0, 2, 1)))
IMAGE = np.random.default_rng(0).random((12, 20, 24), np.float32)


def cells(title: str = "cells", weight: int = 1, **changes: Any) -> OpenDataset:
    labels = numbered(IMAGE.shape) // np.uint64(50)
    return opened(array(IMAGE), array(labels), title=title, weight=weight, **changes)


def varied(seed: int = 3, augments: tuple[Augment, ...] = EVERYTHING, **changes: Any) -> Sampler:
    return sampler((cells("a", 1), cells("b", 2)), Trainer(augments=augments, **changes), SHAPE, seed)


def digest(sample: Sample) -> str:
    parts = (sample.raw, sample.labels, sample.known)
    found = hashlib.sha256(f"{sample.dataset} {sample.place}".encode())
    for part in parts:
        found.update(f"{part.dtype} {part.shape}".encode() + part.tobytes())
    return found.hexdigest()


def digests(of: Sampler, count: int = 12) -> list[str]:
    return [digest(of.sample(iteration, index)) for iteration in range(count // 2) for index in range(2)]


def test_the_same_seed_iteration_and_index_give_the_same_sample_in_any_order() -> None:
    there, back = varied(), varied()
    backwards = [digest(back.sample(i, j)) for i in reversed(range(6)) for j in (1, 0)]
    assert digests(there) == backwards[::-1]
    assert len(set(backwards)) == 12


@pytest.mark.parametrize("sampling", ["uniform", "labelled"])
def test_threads_that_sample_at_once_change_nothing(sampling: Any) -> None:
    alone, shared = varied(sampling=sampling), varied(sampling=sampling)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: digest(shared.sample(i, 0)), range(16)))
    assert found == [digest(alone.sample(i, 0)) for i in range(16)]


def test_another_process_gives_the_same_samples() -> None:
    here = Path(__file__).parent
    script = f"import sys; sys.path.insert(0, {str(here)!r}); import test_trainers_sampler as t; " + (
        "print(*t.digests(t.varied(), 6))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.split() == digests(varied(), 6)


def test_another_seed_gives_other_samples() -> None:
    assert not set(digests(varied(seed=3))) & set(digests(varied(seed=4)))


def test_a_patch_is_as_large_as_asked_for_with_labels_around_the_output() -> None:
    sample = varied().sample(0, 0)
    assert sample.raw.shape == (1, 8, 10, 12)
    assert sample.labels.shape == sample.known.shape == (5, 8, 11)
    assert sample.raw.dtype == np.float32
    assert sample.known.dtype == np.bool_
    assert varied().input_channels == 1


def test_without_augments_a_patch_is_a_plain_crop_bit_for_bit() -> None:
    labels = numbered(IMAGE.shape) // np.uint64(50)
    sample = varied(augments=(), sampling="uniform").sample(0, 0)
    z, y, x = sample.place
    # 2 raw voxels before the output where they lie in the volume, else mirrored
    inside = tuple(
        slice(max(2 - p, 0), min(n - p + 2, s))
        for p, n, s in zip(sample.place, IMAGE.shape, (8, 10, 12), strict=True)
    )
    crop = IMAGE[max(z - 2, 0) : z + 6, max(y - 2, 0) : y + 8, max(x - 2, 0) : x + 10]
    np.testing.assert_array_equal(sample.raw[0][inside], crop)
    np.testing.assert_array_equal(sample.labels[1:, :6, 2:10], labels[z : z + 4, y : y + 6, x : x + 8])


def test_a_patch_tells_where_in_the_world_it_begins() -> None:
    raw = array(np.zeros((12, 20), np.float32), (4.0, 2.0), offset=(100.0, -50.0))
    labels = array(numbered((12, 20)), (4.0, 2.0), offset=(100.0, -50.0))
    sample = sampler(opened(raw, labels), Trainer(augments=()), shape_of((6, 9), (2, 4))).sample(0, 0)
    y, x = sample.place
    assert sample.labels[0, 0] == labels.read((y, x), (1, 1))[0, 0]
    assert sample.offset == (100.0 + 4 * y, -50.0 + 2 * x)
    assert sample.raw_offset == (100.0 + 4 * (y - 2), -50.0 + 2 * (x - 2))  # of 5 more along x, 2 come before


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_an_augment_is_done_as_often_as_its_probability_says(probability: float) -> None:
    """Of spatial augments and others alike, each by itself."""
    shifted = IntensityScaleShift(
        probability=probability, lowest_scale=1.0, highest_scale=1.0, lowest_shift=5.0, highest_shift=5.0
    )
    turned = Rotate(probability=probability, lowest=180.0, highest=180.0)
    ramp = np.broadcast_to(np.arange(30, dtype=np.float32), (30, 30)).copy()
    dataset = opened(array(ramp), array(numbered((30, 30))))
    sampled = sampler(dataset, Trainer(augments=(shifted, turned), sampling="uniform"), shape_of((4, 4)))
    found = [sampled.sample(iteration, 0) for iteration in range(400)]
    moved = np.mean([s.raw[0, 0, 0] > s.raw[0, 0, 1] for s in found])
    brighter = np.mean([abs(s.raw.mean() - (s.place[1] + 1.5) - 5) < 0.01 for s in found])
    for part in (moved, brighter):
        assert part == pytest.approx(probability, abs=0.08)


def test_intensities_change_in_the_order_given() -> None:
    blank = MissingSections(section_probability=1.0)
    brighter = IntensityScaleShift(lowest_scale=1.0, highest_scale=1.0, lowest_shift=5.0, highest_shift=5.0)
    for augments, expected in (((blank, brighter), 5.0), ((brighter, blank), 0.0)):
        np.testing.assert_array_equal(varied(augments=augments).sample(0, 0).raw, expected)


def test_spatial_augments_come_first_wherever_they_stand() -> None:
    """So that a section blanked along z stays one section of the patch."""
    blank, turn = MissingSections(section_probability=0.5), Rotate(uniform_3d=True)
    for augments in ((blank, turn), (turn, blank)):
        raw = varied(augments=augments).sample(0, 0).raw[0]
        blanked = (raw == 0).all(axis=(1, 2))
        assert 0 < blanked.sum() < 8
        assert (raw[~blanked] != 0).all()


def test_datasets_are_sampled_in_proportion_to_their_weights() -> None:
    weights = (1, 3, 6)
    datasets = tuple(cells(str(weight), weight) for weight in weights)
    sampled = sampler(datasets, Trainer(augments=(), sampling="uniform"), shape_of((2, 2, 2)))
    found = [sampled.sample(iteration, 0).dataset for iteration in range(1000)]
    counts = [found.count(str(weight)) for weight in weights]
    assert stats.chisquare(counts, [100, 300, 600]).pvalue > 0.01


def test_places_are_even_over_the_volume() -> None:
    dataset = opened(array(np.zeros((1, 24), np.float32)), array(numbered((1, 24))))
    sampled = sampler(dataset, Trainer(augments=(), sampling="uniform"), shape_of((1, 5)))
    places = [sampled.sample(iteration, 0).place[1] for iteration in range(2000)]
    assert stats.chisquare(np.bincount(places, minlength=20)).pvalue > 0.01


def test_the_arrays_of_a_dataset_are_never_written_to() -> None:
    before = IMAGE.copy()
    digests(varied(augments=(Mirror(), Elastic(), IntensityScaleShift())))
    np.testing.assert_array_equal(IMAGE, before)


def test_raw_is_kept_as_it_is_stored_and_normalised_in_each_patch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes take a quarter of the memory of what they become."""
    stored, reads = (IMAGE * 255).astype(np.uint8), []
    plain = array(stored)
    counted = replace(plain, reader=lambda slices: reads.append(slices) or plain.reader(slices))
    normalization, labels = FixedRange(low=0.0, high=255.0), array(numbered(IMAGE.shape).astype(np.uint8))
    dataset = opened(normalization.apply(counted), labels)
    with_plain = replace(dataset, plain_raw=counted, normalization=normalization)
    monkeypatch.setattr(sampler_module, "CACHE_BYTES", 2 * stored.nbytes)
    trainer = Trainer(augments=EVERYTHING)
    kept, anew = sampler((with_plain,), trainer, SHAPE, 3), sampler((dataset,), trainer, SHAPE, 3)
    first = digests(kept)
    assert reads and first == digests(anew)
    reads.clear()
    assert first == digests(kept) and not reads
