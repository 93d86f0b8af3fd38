"""What was begun to be applied and is not complete, as it is gone on with."""

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.experiments.applying.apply import apply
from napari_dacapo.experiments.applying.unfinished import Begun, Unfinished, unfinished
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Applied, Predicted
from napari_dacapo.experiments.training.train import train
from napari_dacapo.store.workspace import Workspace

RAW = File(path="check-raw.zarr")  # 20 voxels of 8 nm along each axis: 8 blocks of 16
TISSUE = np.zeros((20, 20, 20), np.uint8)
TISSUE[:4, :4] = 1  # in two of the blocks


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tiny.trained(tmp_path_factory.mktemp("workspace"), iterations=1)
    write_ome_zarr(
        folder.root / "tissue.zarr",
        TISSUE,
        axes="zyx",
        voxel_size=(8.0,) * 3,
        offset=(0.0,) * 3,
        unit="nm",
    )
    return folder


def begun(trained: RunFolder, output: str, **options: Any) -> Unfinished:
    """One block is predicted, then it is stopped."""
    wanted = Wanted(trained, RAW, trained.root / "applied" / output, device="cpu", **options)
    with closing(apply(wanted)) as steps:
        next(step for step in steps if isinstance(step, Predicted))
    return found(trained, output)


def found(trained: RunFolder, output: str) -> Unfinished:
    return next(each for each in unfinished(Workspace(trained.root)) if each.output.name == output)


def test_what_is_unfinished_tells_all_that_it_was_begun_with(trained: RunFolder) -> None:
    mask = File(path="tissue.zarr")
    part = begun(trained, "part", mask=mask, dtype="uint8", ome_version="0.4")
    assert part.image == Begun("check-raw", RAW)
    assert part.mask == Begun("tissue", mask)
    assert (part.dtype, part.ome_version, part.done, part.of) == ("uint8", "0.4", 1, 2)


def test_the_run_is_that_whose_weights_it_was_begun_with(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    first = tiny.trained(tmp_path, iterations=1)
    equal = first.saved_run().replace(repetition=1)
    for name in ("before", "zero"):  # in the order of names one comes before "run", one after it
        workspace.store.save(Run, name, equal)
        for _ in train(equal, RunFolder(workspace.run_folder(name), tmp_path), "cpu"):
            pass
    assert begun(first, "part").run == "run"


def test_a_mask_that_was_a_layer_is_known_by_its_whole_name(trained: RunFolder) -> None:
    mask = from_numpy(TISSUE, "zyx", (8.0,) * 3, unit="nm", name="tissue v1.2")
    assert begun(trained, "layer", mask=mask).mask == Begun("tissue v1.2", None)


def test_what_is_predicted_only_is_complete_when_it_is_segmented(trained: RunFolder) -> None:
    wanted = Wanted(trained, RAW, trained.root / "applied" / "first", device="cpu", only_predict=True)
    *_, last = apply(wanted)
    assert isinstance(last, Applied) and last.segmentation is None
    assert (found(trained, "first").done, found(trained, "first").of) == (8, 8)
    *_, last = apply(Wanted(trained, RAW, wanted.output, device="cpu"))
    assert isinstance(last, Applied) and last.segmentation is not None
    assert "first" not in {each.output.name for each in unfinished(Workspace(trained.root))}


def test_a_function_of_a_persons_own_is_known(trained: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def over(prediction, voxel_size, least): return prediction[0] > least")
    address = f"{tmp_path / 'mine.py'}:over"
    own = begun(trained, "own", segmenter=address, parameters={"least": 0.2})
    assert (own.segmenter, dict(own.parameters)) == (address, {"least": 0.2})
    assert begun(trained, "usual").segmenter == ""
