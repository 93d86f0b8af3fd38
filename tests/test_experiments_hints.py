"""What a person is told about a training that is not going well."""

from pathlib import Path

import numpy as np
import pytest
import tiny

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.experiments.steps import TrainStep
from napari_dacapo.experiments.training.hints import Hints
from napari_dacapo.experiments.training.preflight import preflight
from napari_dacapo.trainers import sampler


def told(losses: list[float], waited: list[float], is_fresh: bool = False) -> list[str]:
    """Of iterations of a second each."""
    hints = Hints(is_fresh)
    steps = zip(losses, waited, strict=True)
    done = [TrainStep(n, 100, loss, 1e-3, 1.0, part, "cuda:0", 0) for n, (loss, part) in enumerate(steps, 1)]
    return [hint.text for step in done for hint in hints.after(step)]


@pytest.mark.parametrize(
    ("first", "rest", "said"),
    [
        (0.9, 0.1, []),  # chunks were read for the first time
        (0.0, 0.25, []),
        (0.0, 0.6, ["60% of the time cuda:0 waits for data."]),
    ],
)
def test_waiting_for_data_is_told_once(first: float, rest: float, said: list[str]) -> None:
    found = told([0.7] * 100, [first] * 10 + [rest] * 90)
    assert [text.partition(".")[0] + "." for text in found] == said


def test_steps_that_learn_nothing_are_told_when_ten_came_in_a_row() -> None:
    assert told([0.0] * 9 + [0.5] + [0.0] * 9, [0.0] * 19) == []
    (text,) = told([0.5] + [0.0] * 30, [0.0] * 31)
    assert "10 steps in a row had a loss of 0" in text


@pytest.mark.parametrize(
    ("is_fresh", "losses", "is_told"),
    [
        (True, [0.697] * 100 + [0.691] * 400, True),  # what knows nothing gets, of balanced affinities
        (True, [0.697] * 250 + [0.675] * 250, False),
        (False, [0.2] * 500, False),  # went on from what was learned before
        (True, [0.697] * 299, False),
    ],
)
def test_a_loss_that_does_not_fall_is_told_once(is_fresh: bool, losses: list[float], is_told: bool) -> None:
    found = told(losses, [0.0] * len(losses), is_fresh)
    assert [text.partition(":")[0] for text in found] == ["The loss of 300 iterations did not fall"] * is_told


@pytest.mark.parametrize(
    ("chunks", "kept", "is_told"),
    [((1, 300, 300), 1 << 20, True), ((1, 300, 300), 1 << 30, False), ((24, 64, 64), 1 << 20, False)],
)
def test_wide_planes_that_are_not_kept_in_memory_are_told_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunks: tuple[int, ...], kept: int, is_told: bool
) -> None:
    monkeypatch.setattr(sampler, "CACHE_BYTES", kept)
    values = np.random.default_rng(0).integers(0, 9, (24, 300, 300)).astype(np.uint8)
    for name in ("raw", "labels"):
        world = {"voxel_size": (8.0,) * 3, "offset": (0.0,) * 3, "unit": "nm"}
        write_ome_zarr(tmp_path / f"{name}.zarr", values, axes="zyx", chunks=chunks, **world)  # type: ignore[arg-type]
    dataset = Dataset(title="stack", raw=File(path="raw.zarr"), labels=File(path="labels.zarr"))
    run = tiny.run(tmp_path, datasplit=ListedDatasets(train=(dataset,), validate=()))
    found = [text for text in preflight(run, tmp_path).warnings if "decodes" in text]
    told = "stack: every patch decodes whole chunks of 1 x 300 x 300 voxels of an image too large"
    assert found[0].startswith(told) if is_told else not found
