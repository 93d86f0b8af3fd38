"""A part of a segmentation becomes labels that can be painted on."""

import numpy as np
import pytest

from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.errors import UserInputError
from napari_dacapo.layers import correcting
from napari_dacapo.layers.correcting import correction, part_to_correct

IDS = np.arange(20 * 10 * 10, dtype=np.uint32).reshape(20, 10, 10)
LABELS = from_numpy(IDS, "zyx", (40.0, 4.0, 4.0), offset=(0.0, 8.0, 0.0), unit="nm")


@pytest.mark.parametrize(
    ("begin", "end", "least", "part"),
    [
        # slice 5 lies at 200 to 240 nm; y from voxel 2, x from 0
        ((210, 16, 0), (210, 32, 20), (1, 1, 1), ((5, 2, 0), (6, 6, 5))),
        ((210, 17, 0), (210, 33, 21), (1, 1, 1), ((5, 2, 0), (6, 7, 6))),  # voxels that are partly seen
        ((210, 16, 0), (210, 32, 20), (5, 8, 4), ((3, 0, 0), (8, 8, 5))),  # more around the middle
        ((10, 16, 0), (10, 32, 20), (7, 1, 1), ((0, 2, 0), (7, 6, 5))),  # not beyond the first slice
        ((790, 16, 0), (790, 32, 20), (7, 1, 1), ((13, 2, 0), (20, 6, 5))),  # nor the last
        ((210, -90, -90), (210, 900, 900), (50, 1, 1), ((0, 0, 0), (20, 10, 10))),  # no more than there is
    ],
)
def test_the_part_is_what_is_seen_and_as_much_as_a_network_needs(begin, end, least, part) -> None:
    assert part_to_correct(LABELS, Box(begin, end), least) == part


def test_a_view_of_more_axes_counts_the_last_ones() -> None:
    """A film has a time point besides."""
    assert part_to_correct(LABELS, Box((3, 210, 16, 0), (3, 210, 32, 20)), (1, 1, 1))[0] == (5, 2, 0)


def test_what_lies_elsewhere_or_is_too_large_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserInputError, match=r"nothing of .* is on the screen"):
        part_to_correct(LABELS, Box((900, 16, 0), (900, 32, 20)), (1, 1, 1))
    monkeypatch.setattr(correcting, "MOST_VOXELS", 99)
    with pytest.raises(UserInputError, match=r"100 voxels are more than the 99 .* Zoom in"):
        part_to_correct(LABELS, Box((210, 0, 0), (210, 90, 90)), (1, 1, 1))


def test_a_correction_is_a_copy_that_lies_where_its_voxels_lay() -> None:
    pixels, properties, kind = correction(LABELS, (5, 2, 0), (6, 6, 5), "cells corrected")
    np.testing.assert_array_equal(pixels, IDS[5:6, 2:6, :5])
    assert (kind, properties["name"]) == ("labels", "cells corrected")
    assert properties["scale"] == (40.0, 4.0, 4.0)
    assert properties["translate"] == (220.0, 18.0, 2.0)  # centres: 5 * 40 + 20, 8 + 2 * 4 + 2, 2
    pixels[:] = 7
    assert IDS[5, 2, 0] == 520
