"""What applying takes, as it is told before it begins."""

import os
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.blockwise.predict import Network
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.applying import volume_plan
from napari_dacapo.experiments.applying.apply import prepare
from napari_dacapo.experiments.applying.estimate import Estimate, Pace, estimate, measure_pace
from napari_dacapo.experiments.applying.volume import Volume
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.run_folder import RunFolder

ESTIMATE = Estimate(
    shape=(10, 20, 30),
    block=(10, 10, 10),
    blocks=6,
    left_out=0,
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


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return tiny.trained(tmp_path_factory.mktemp("workspace"), iterations=1)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segmented are blocks of 16 voxels, by one thread, as they are predicted."""
    monkeypatch.setitem(volume_plan.SEGMENTED, 3, 16)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)


def prepared(trained: RunFolder, output: Path, mask: Array | None) -> Volume:
    """For 20 voxels of 8 nm along each axis: 8 blocks."""
    parameters: Any = {"bias": 0.25, "foreground": 0.2, "min_size": 20}
    wanted = Wanted(
        trained, File(path="check-raw.zarr"), output, parameters=parameters, device="cpu", mask=mask
    )
    return returned(prepare(wanted))


def returned(steps: Generator[Any, None, Volume]) -> Volume:
    while True:
        try:
            next(steps)
        except StopIteration as over:
            return over.value  # type: ignore[no-any-return]


def mask_of(*marked: slice) -> Array:
    """1 in some voxels of 16 nm."""
    voxels = np.zeros((10, 10, 10), np.uint8)
    voxels[marked] = 1
    return from_numpy(voxels, "zyx", (16.0,) * 3, unit="nm", name="mask")


@pytest.mark.usefixtures("small_blocks")
def test_what_lies_outside_of_a_mask_costs_nothing(trained: RunFolder, tmp_path: Path) -> None:
    whole = estimate(prepared(trained, tmp_path, None))
    part = estimate(prepared(trained, tmp_path, mask_of(slice(1, 3), slice(2, 9), slice(1, 7))))
    # along y the voxels 4 to 17 are marked, which are in two blocks; along z and x one block has all
    #   z y x      16 x 16 x 16 and 16 x 4 x 16 voxels, of 4 channels of two bytes, and two numbers of 4
    assert (part.blocks, part.left_out, part.disk) == (2, 6, (16 * 16 * 16 + 16 * 4 * 16) * (4 * 2 + 4 + 4))
    assert (whole.blocks, whole.left_out, whole.disk) == (8, 0, 20**3 * (4 * 2 + 4 + 4))
    assert (part.segmented, whole.segmented) == (2 * 20**3, 8 * 20**3)  # each sees all that there is
    assert part.seconds(Pace(block=3.0, voxel=0.001)) == 2 * 3.0 + 16.0


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("marked", "start", "shape"),
    [
        ((), (0, 0, 0), (16, 16, 16)),  # of two along each axis the whole one, not the sliver of 4
        ((slice(0, 1), slice(9, 10), slice(0, 1)), (0, 16, 0), (16, 4, 16)),  # the only one in the mask
    ],
)
def test_the_pace_is_measured_on_the_block_next_to_the_middle(
    trained: RunFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    marked: tuple[slice, ...],
    start: Voxels,
    shape: Voxels,
) -> None:
    predicted: list[tuple[Voxels, Voxels]] = []
    predict = Network.predict

    def told(network: Network, raw: Array, start: Voxels, shape: Voxels) -> Any:
        predicted.append((start, shape))
        return predict(network, raw, start, shape)

    monkeypatch.setattr(Network, "predict", told)
    measure_pace(prepared(trained, tmp_path, mask_of(*marked) if marked else None))
    assert set(predicted) == {(start, shape)}


@pytest.mark.parametrize(
    ("wish", "disk"),
    [
        ({}, 4 * 2 + 2 * 4),  # bytes a voxel: four channels in two bytes each, and two numbers of objects
        ({"only_predict": True}, 4 * 2),
        ({"only_predict": True, "dtype": "uint8"}, 4),
    ],
)
def test_disk_is_that_of_what_is_wanted(
    trained: RunFolder, tmp_path: Path, wish: dict[str, Any], disk: int
) -> None:
    volume = prepared(trained, tmp_path, None)
    told = estimate(replace(volume, wanted=replace(volume.wanted, **wish)))
    assert told.disk == disk * 20**3
    assert (told.segmented == 0) == bool(wish)


def test_a_mask_of_nothing_is_told(trained: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="it is 0 wherever"):
        estimate(prepared(trained, tmp_path, mask_of(slice(0, 0))))
