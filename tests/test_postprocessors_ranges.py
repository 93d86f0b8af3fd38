"""What the parameters of a post-processing may be, as their fields declare it."""

import math

import pytest

from napari_dacapo.postprocessors.argmax import Argmax
from napari_dacapo.postprocessors.distance_watershed import DistanceWatershed
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.postprocessors.postprocessor import PostProcessor
from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.one_hot import OneHot

FRACTION, DISTANCE, COUNT = (0.0, 1.0, False), (-1.0, 1.0, False), (0.0, math.inf, True)


@pytest.mark.parametrize(
    ("processor", "bounds"),
    [
        (MutexWatershed(), {"bias": FRACTION, "foreground": FRACTION, "min_size": COUNT}),
        (DistanceWatershed(), {"seed": DISTANCE, "threshold": DISTANCE, "min_size": COUNT}),
        (Threshold(), {"threshold": DISTANCE}),
        (Argmax(), {}),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, PostProcessor) else "",
)
def test_a_range_is_that_of_the_field(processor: PostProcessor, bounds: dict[str, tuple]) -> None:
    found = processor.ranges()
    assert {name: (each.lowest, each.highest, each.is_whole) for name, each in found.items()} == bounds
    assert all(each.meaning for each in found.values())


def test_a_task_tells_the_ranges_of_its_grid() -> None:
    task = Affinities()
    assert tuple(task.parameter_ranges()) == tuple(task.parameter_grid()[0])
    assert OneHot().parameter_ranges() == {}
