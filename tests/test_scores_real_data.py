"""A published segmentation of real neurites has the scores that scikit-image gives it."""

import gzip
import io
from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_dacapo.scores.adapted_rand import AdaptedRand
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.variation_of_information import VariationOfInformation

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "fib25_neuroproof_training_sample2"
FFN = FOLDER / "ffn_baseline" / "sample-training2.npz"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not FFN.exists(), reason=f"the real data are not at {FOLDER}"),
]


def bodies() -> np.ndarray:
    """(z, y, x): the file's stack are supervoxels, its transforms give each one's body."""
    with h5py.File(io.BytesIO(gzip.decompress((FOLDER / "groundtruth.h5.gz").read_bytes()))) as file:
        stack, transforms = file["stack"][:], file["transforms"][:]
    body = np.zeros(int(stack.max()) + 1, np.uint32)
    body[transforms[:, 0]] = transforms[:, 1]
    return body[stack]


def test_the_flood_filling_network_on_what_it_labelled():
    segmentation = np.load(FFN, allow_pickle=False)["segmentation"]
    table = Contingency.of(segmentation, bodies(), segmentation > 0)
    assert np.count_nonzero(table.segments) == 254
    assert AdaptedRand().of(table)[0] == pytest.approx(0.056, abs=5e-4)
    assert VariationOfInformation().of(table)[0] == pytest.approx(0.88, abs=5e-3)
