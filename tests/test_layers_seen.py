"""Which part of an image a view shows."""

import numpy as np
import pytest

from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.layers.seen import seen_part

ARRAY = from_numpy(np.zeros((10, 20, 20), np.uint8), "zyx", (40.0, 4.0, 4.0), (100.0, 0.0, 0.0), "nm")


@pytest.mark.parametrize(
    ("view", "part"),
    [
        # z 199 lies in the third slice, from 180 to 220
        (Box((199, 8, 12), (199, 48, 52)), Box((180, 8, 12), (220, 48, 52))),
        (Box((180, 8, 12), (180, 48, 52)), Box((180, 8, 12), (220, 48, 52))),
        (Box((100, -5, 0), (300, 90, 80)), Box((100, -5, 0), (300, 90, 80))),
        (Box((7, 199, 8, 12), (7, 199, 48, 52)), Box((180, 8, 12), (220, 48, 52))),  # a time before
    ],
)
def test_a_flat_view_is_one_slice_and_the_rest_is_as_it_is_seen(view: Box, part: Box) -> None:
    assert seen_part(ARRAY, view) == part
