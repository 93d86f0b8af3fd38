"""Which parameters validation tries."""

import pytest

from napari_dacapo.errors import UserInputError
from napari_dacapo.postprocessors.argmax import Argmax
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.postprocessors.postprocessor import PostProcessor
from napari_dacapo.postprocessors.threshold import Threshold

MUTEX = MutexWatershed(bias=(0.1, 0.5), foreground=(0.2,), min_size=(0, 50))


def test_the_grid_lists_every_combination_the_last_parameter_fastest():
    assert MUTEX.grid() == (
        {"bias": 0.1, "foreground": 0.2, "min_size": 0},
        {"bias": 0.1, "foreground": 0.2, "min_size": 50},
        {"bias": 0.5, "foreground": 0.2, "min_size": 0},
        {"bias": 0.5, "foreground": 0.2, "min_size": 50},
    )


def test_where_nothing_is_listed_there_is_one_empty_point():
    assert Argmax().grid() == ({},)


@pytest.mark.parametrize("kind", [kind for kind in PostProcessor.kinds().values() if kind().grid() != ({},)])
def test_the_default_grid_differs_in_every_point(kind):
    points = [tuple(point.items()) for point in kind().grid()]
    assert len(set(points)) == len(points)


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [({}, "bias is missing"), ({"bias": None}, "bias is missing"), ({"bias": "0.5"}, "bias is '0.5'")],
)
def test_a_missing_parameter_is_named_with_all_that_are_wanted(parameters, problem):
    with pytest.raises(UserInputError) as raised:
        MUTEX.value(parameters, "bias")
    assert str(raised.value) == (
        f"parameters is {parameters}: {problem}. Give a number for each of bias, foreground, min_size."
    )


@pytest.mark.parametrize(
    "fields", [{"threshold": ()}, {"threshold": (1.5,)}, {"threshold": (0.0,) * 65}, {"threshold": (True,)}]
)
def test_lists_that_cannot_be_tried_are_refused(fields):
    with pytest.raises(UserInputError, match="threshold"):
        Threshold(**fields)


def test_integers_do_for_fractions():
    assert MutexWatershed(bias=(0, 1)).grid()[0]["bias"] == 0
