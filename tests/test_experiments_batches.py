"""Batches: the same prepared ahead or not; threads end, and their errors arrive."""

import threading
from contextlib import closing
from itertools import islice
from typing import Any

import numpy as np
import pytest
from patches import array, numbered, opened, sampler, shape_of

from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.training.batches import Batch, Batches
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.trainers.trainer import Trainer

TASK = Affinities(neighborhood=((1, 0), (0, 1)))
IMAGE = np.random.default_rng(0).random((24, 24), np.float32)


def batches(threads: int, batch_size: int = 2, raw: np.ndarray = IMAGE, **changes: Any) -> Batches:
    dataset = opened(array(raw), array(numbered(raw.shape) // np.uint64(30)))
    shape = shape_of((8, 8), (6, 6), padding=TASK.padding((1.0, 1.0)))
    return Batches(
        sampler=sampler(dataset, Trainer(sampling="uniform", **changes), shape, seed=5),
        task=TASK,
        voxel_size=(1.0, 1.0),
        unit="voxel",
        batch_size=batch_size,
        threads=threads,
    )


def first(of: Batches, count: int, iteration: int = 0) -> list[Batch]:
    with closing(of.following(iteration)) as following:
        return list(islice(following, count))


def assert_equal(found: list[Batch], expected: list[Batch]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        for name in ("raw", "target", "weight"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def loaders() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("batches")]


def test_a_batch_holds_its_patches_in_order() -> None:
    of = batches(0, batch_size=3)
    batch = of.at(7)
    assert batch.raw.shape == (3, 1, 8, 8)
    assert batch.target.shape == batch.weight.shape == (3, 2, 6, 6)
    assert batch.raw.dtype == batch.weight.dtype == np.float32
    for index in range(3):
        np.testing.assert_array_equal(batch.raw[index], of.sampler.sample(7, index).raw)


def test_the_target_is_the_tasks_of_the_labels_around_the_output() -> None:
    of = batches(0, batch_size=1)
    sample, batch = of.sampler.sample(4, 0), of.at(4)
    target, weight = TASK.target(sample.labels, sample.known, (1.0, 1.0))
    np.testing.assert_array_equal(batch.target[0], target)
    np.testing.assert_array_equal(batch.weight[0], weight)


def test_a_patch_tells_where_it_was_cut() -> None:
    of = batches(0, batch_size=1)
    sample, patch = of.sampler.sample(4, 0), of.patch(4, 0)
    assert patch.offset == sample.place
    assert patch.raw_offset == tuple(p - 1 for p in sample.place)  # (8 - 6) / 2


@pytest.mark.parametrize("threads", [1, 3])
def test_prepared_ahead_they_are_the_same_bit_for_bit(threads: int) -> None:
    assert_equal(first(batches(threads), 10), first(batches(0), 10))


@pytest.mark.parametrize("threads", [0, 2])
def test_going_on_at_an_iteration_gives_what_follows_it(threads: int) -> None:
    assert_equal(first(batches(threads), 3, iteration=4), first(batches(0), 7)[4:])


def test_batches_differ_from_one_iteration_to_the_next() -> None:
    found = first(batches(1), 6)
    assert len({batch.raw.tobytes() for batch in found}) == 6


@pytest.mark.parametrize("taken", [0, 1, 5])
def test_closing_ends_the_threads(taken: int) -> None:
    following = batches(3).following(0)
    for _ in range(taken):
        next(following)
    assert bool(loaders()) == (taken > 0)
    following.close()
    assert not loaders()


def test_no_thread_is_started_where_none_is_asked_for() -> None:
    with closing(batches(0).following(0)) as following:
        next(following)
        assert not loaders()


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_an_error_in_a_loader_is_raised_where_the_batch_is_asked_for(threads: int) -> None:
    raw = IMAGE.copy()
    raw[12, 12] = np.nan
    of = batches(threads, raw=raw, augments=())
    with closing(of.following(0)) as following, pytest.raises(UserInputError) as caught:
        for _ in range(100):
            next(following)
    assert caught.value.field == "cells.raw"
    assert "NaN or infinite" in caught.value.problem
    assert not loaders()


def test_the_batches_before_an_error_still_arrive() -> None:
    """Of a patch that is prepared too early, an error waits for its turn."""
    raw = IMAGE.copy()
    raw[12, 12] = np.nan

    def until_error(threads: int) -> int:
        count = 0
        with closing(batches(threads, raw=raw, augments=()).following(0)) as following:
            try:
                for _ in following:
                    count += 1
            except UserInputError:
                return count
        return -1

    assert until_error(0) == until_error(3) > 0
