"""What applying takes, as it is told before it begins."""

from dataclasses import replace

import pytest

from napari_dacapo.experiments.applying.estimate import Estimate, Pace

ESTIMATE = Estimate(
    shape=(10, 20, 30),
    block=(10, 10, 10),
    blocks=6,
    done=2,
    disk=100,
    free_disk=1000,
    memory=100,
    free_memory=1000,
    device="cpu",
    segmented=4000,
)


def test_the_time_is_that_of_what_is_not_done() -> None:
    assert ESTIMATE.voxels == 6000
    assert ESTIMATE.seconds(Pace(block=3.0, voxel=0.001)) == 4 * 3.0 + 4.0


@pytest.mark.parametrize(
    ("free_disk", "free_memory", "words"),
    [(1000, 1000, []), (99, 1000, ["disk"]), (99, 99, ["disk", "Memory"])],
)
def test_what_may_not_suffice_is_told(free_disk: int, free_memory: int, words: list[str]) -> None:
    problems = replace(ESTIMATE, free_disk=free_disk, free_memory=free_memory).problems
    assert len(problems) == len(words)
    assert all(word in problem for word, problem in zip(words, problems, strict=True))
