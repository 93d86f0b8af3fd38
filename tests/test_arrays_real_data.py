"""Public microscopy data, where they lie beside the project."""

from pathlib import Path

import numpy as np
import pytest

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.errors import UserInputError

DATA = Path(__file__).parents[2] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the public data are not beside the project")


def whole(array: Array) -> np.ndarray:
    return array.read((0,) * array.dims, array.spatial_shape)


def test_fib25_slices_make_a_cube() -> None:
    path = str(DATA / "fib25_neuroproof_training_sample2/grayscale_maps")
    array = File(path=path, voxel_size=(10.0, 10.0, 10.0), unit="nm").open()
    assert (array.shape, array.dtype, array.box.size) == ((250, 250, 250), np.uint8, (2500, 2500, 2500))
    values = whole(array)
    assert (values.min(), values.max()) == (26, 217)
    # neighbouring slices are alike only in the right order
    assert np.abs(np.diff(values.astype(np.int16), axis=0)).mean() < 12


def test_fib25_labels_must_be_unpacked_first() -> None:
    path = str(DATA / "fib25_neuroproof_training_sample2/groundtruth.h5.gz")
    with pytest.raises(UserInputError, match="gunzip"):
        File(path=path).open()


@pytest.mark.parametrize(("name", "nuclei"), [("1135", 54), ("1136", 32)])
def test_gonuclear_volumes_know_their_voxel_size(name: str, nuclei: int) -> None:
    path = str(DATA / f"gonuclear_ovule_nuclei/{name}_mini.h5")
    raw, labels = (File(path=path, array=array).open() for array in ("raw", "label"))
    assert raw.voxel_size == labels.voxel_size == pytest.approx((284, 127, 127), abs=1)
    assert raw.unit == "nm" and raw.shape == (100, 100, 100)
    assert len(np.unique(whole(labels))) - 1 == nuclei


def test_isbi_slices_are_sorted_by_number() -> None:
    image, label = (whole(File(path=str(DATA / "isbi2012_membranes" / n)).open()) for n in ("image", "label"))
    assert image.shape == label.shape == (30, 512, 512)
    assert (label == 255).mean() == pytest.approx(0.78, abs=0.01)
    assert image[label == 0].mean() < image[label == 255].mean() - 20  # membranes are dark


def test_grey_with_transparency_is_grey() -> None:
    (path,) = (DATA / "axondeepseg_sem/sub-rat6/micr").glob("*.png")
    assert File(path=str(path)).open().axes == "yx"
