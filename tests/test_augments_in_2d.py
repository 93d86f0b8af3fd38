"""Patches of 2D images: resampled where they lie, as those of volumes are."""

import numpy as np
import pytest

from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.augments.resampling.lookup import Lookup, PatchGrid
from napari_dacapo.augments.resampling.take import take_linear, take_nearest
from napari_dacapo.augments.warp import Displacement, Warp

GRID = PatchGrid((3, 3), (-1.0, -1.0), (1.0, 1.0))
CENTRE = (5.5, 7.5)  # of pixel (5, 7)
NUMBERED = np.arange(120).reshape(10, 12)  # pixel (y, x) has 12 y + x


def shifted(y: float, x: float) -> Displacement:
    field = np.broadcast_to(np.array([y, x], np.float32)[:, None, None], (2, 2, 2))
    return Displacement(np.ascontiguousarray(field), (4.0, 4.0))


@pytest.mark.parametrize(
    ("warp", "first_row"),
    [
        (Warp(np.eye(2)), [54, 55, 56]),
        (Warp(np.diag([1.0, 2.0])), [53, 55, 57]),
        (Warp(np.eye(2), shifted(2.0, -1.0)), [77, 78, 79]),
    ],
    ids=["as it is", "zoomed along x", "moved"],
)
def test_a_patch_of_an_image_is_taken_from_where_it_lies(warp: Warp, first_row: list[int]) -> None:
    raw = from_numpy(NUMBERED.astype(np.float32), "yx", (1.0, 1.0))
    labels = from_numpy(NUMBERED.astype(np.uint16), "yx", (1.0, 1.0))
    known = from_numpy(np.ones((10, 12), np.bool_), "yx", (1.0, 1.0))
    lookup = Lookup.of(warp, GRID, CENTRE, raw)
    ids, trusted = take_nearest(labels, known, lookup)
    assert take_linear(raw, lookup)[0, 0, 0].tolist() == pytest.approx(first_row)
    assert ids[0, 0, 0].tolist() == first_row
    assert trusted.all()
