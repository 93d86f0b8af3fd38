"""What a person may ask for when a run is applied: a mask, a function of their own, OME-Zarr 0.4."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import zarr
from click.testing import CliRunner
from ome_zarr_models.v04.image import Image as Image04
from ome_zarr_models.v05.image import Image as Image05

from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import own_attributes, write_ome_zarr
from napari_dacapo.cli.command import cli
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.applying.apply import apply
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.run_folder import RunFolder

PARAMETERS = {"bias": 0.25, "foreground": 0.2, "min_size": 20}
RAW = "check-raw.zarr"  # 20 voxels of 8 nm along each axis: 8 blocks of 16
MINE = """
import numpy as np

def everything(prediction, voxel_size, value=1):
    return np.full(prediction.shape[1:], value)
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return tiny.trained(tmp_path_factory.mktemp("workspace"), iterations=1)


def applied(trained: RunFolder, output: Path, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Prediction and segmentation."""
    given: dict[str, Any] = {"parameters": PARAMETERS, "device": "cpu"} | options
    for _ in apply(Wanted(trained, File(path=RAW), output, **given)):
        pass
    names = ("prediction.zarr", "segmentation.zarr")
    first, second = (zarr.open_array(str(output / name / "0"), mode="r")[:] for name in names)
    return first, second


def files(image: Path) -> int:
    return sum(file.is_file() for file in (image / "0" / "c").rglob("*"))


def test_outside_of_a_mask_nothing_is_predicted_or_segmented(trained: RunFolder, tmp_path: Path) -> None:
    marked = np.zeros((10, 10, 10), np.uint8)  # voxels of 16 nm
    marked[1:3, 2:9, 1:7] = 1
    mask = from_numpy(marked, "zyx", (16.0,) * 3, unit="nm", name="mask")
    inside = marked.repeat(2, 0).repeat(2, 1).repeat(2, 2) > 0
    prediction, ids = applied(trained, tmp_path / "part", mask=mask)
    whole, _ = applied(trained, tmp_path / "whole")
    np.testing.assert_array_equal(prediction[:, inside], whole[:, inside])
    assert ids[~inside].max() == 0 and ids.max() > 0
    assert files(tmp_path / "part" / "prediction.zarr") == 2  # of 8 blocks
    about = own_attributes(tmp_path / "part" / "segmentation.zarr")
    assert about is not None and about["mask"] == "mask"
    assert files(tmp_path / "whole" / "prediction.zarr") == 8
    with pytest.raises(UserInputError, match="mask none, now"):
        applied(trained, tmp_path / "whole", mask=mask)


@pytest.mark.parametrize(
    ("shape", "voxel_size", "offset", "told"),
    [
        ((20, 20), (8.0,) * 2, (0.0,) * 2, "it has axes yx"),
        ((20, 20, 20), (8.0,) * 3, (160.0, 0.0, 0.0), "it covers"),
        ((20, 20, 20), (8.0,) * 3, (0.0,) * 3, "it is 0 wherever"),
    ],
)
def test_what_is_no_mask_of_the_image_is_refused(
    trained: RunFolder, tmp_path: Path, shape: Any, voxel_size: Any, offset: Any, told: str
) -> None:
    mask = from_numpy(np.zeros(shape, np.uint8), "zyx"[-len(shape) :], voxel_size, offset, "nm", name="mask")
    with pytest.raises(UserInputError) as caught:
        applied(trained, tmp_path / "applied", mask=mask)
    assert told in str(caught.value) and len(str(caught.value)) <= 300


def test_the_command_takes_mask_function_and_version(
    trained: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    marked = np.zeros((20, 20, 20), np.uint8)
    marked[:, 4:, 4:] = 1
    world: dict[str, Any] = {"axes": "zyx", "voxel_size": (8.0,) * 3, "offset": (0.0,) * 3, "unit": "nm"}
    write_ome_zarr(tmp_path / "mask.zarr", marked, **world)
    (tmp_path / "mine.py").write_text(MINE)
    words = ["--workspace", trained.root, "apply", "run", trained.root / RAW, tmp_path / "applied"]
    words += ["--mask", tmp_path / "mask.zarr", "--segmenter", "mine.py:everything"]
    words += ["--set", "value=7", "--ome-zarr", "0.4", "--device", "cpu"]
    result = CliRunner().invoke(cli, list(map(str, words)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    ids = zarr.open_array(str(tmp_path / "applied" / "segmentation.zarr" / "0"), mode="r")
    np.testing.assert_array_equal(ids[:], marked)  # one object
    about = own_attributes(tmp_path / "applied" / "segmentation.zarr")
    assert about is not None and about["segmenter"] == f"{tmp_path}/mine.py:everything"
    assert about["parameters"] == {"value": 7} and about["iteration"] == 1 and about["run"]
    assert set(about["versions"]) == {"torch", "zarr", "numpy"}


def test_the_command_reads_the_image_as_it_is_told(trained: RunFolder, tmp_path: Path) -> None:
    words = ["--workspace", trained.root, "apply", "run", trained.root / RAW, tmp_path / "applied"]
    words += ["--read", "unit=um", "--read", "voxel_size=[4,3,2]", "--device", "cpu"]
    result = CliRunner().invoke(cli, list(map(str, words)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert File(path=str(tmp_path / "applied" / "prediction.zarr")).open().voxel_size == (4e3, 3e3, 2e3)


def test_other_code_of_a_function_is_another_job(trained: RunFolder, tmp_path: Path) -> None:
    for name, code in (("one.py", MINE), ("two.py", MINE.replace("full", "full_like"))):
        (tmp_path / name).write_text(code)
    applied(trained, tmp_path / "applied", segmenter=f"{tmp_path}/one.py:everything", parameters=None)
    with pytest.raises(UserInputError, match="segmenter"):
        applied(trained, tmp_path / "applied", segmenter=f"{tmp_path}/two.py:everything", parameters=None)


@pytest.mark.parametrize(("ome_version", "model"), [("0.4", Image04), ("0.5", Image05)])
def test_the_images_are_valid_of_either_version(
    trained: RunFolder, tmp_path: Path, ome_version: Any, model: Any
) -> None:
    applied(trained, tmp_path / "applied", ome_version=ome_version)
    for name in ("prediction.zarr", "segmentation.zarr"):
        model.from_zarr(zarr.open_group(str(tmp_path / "applied" / name), mode="r"))


def test_the_voxels_are_the_same_in_either_version(trained: RunFolder, tmp_path: Path) -> None:
    for old, new in zip(
        applied(trained, tmp_path / "old", ome_version="0.4"), applied(trained, tmp_path / "new"), strict=True
    ):
        np.testing.assert_array_equal(old, new)
