"""How well classes cover their truth."""

import math

import numpy as np
import pytest

from napari_dacapo.scores.class_overlap import ClassOverlap, class_criteria, class_values
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.criterion import Criterion

NAN = math.nan
CLASSES = tuple(ClassOverlap(title=name, id=place) for place, name in enumerate(("axon", "myelin", "ice"), 1))

TRUTH = np.array([0, 1, 1, 1, 0, 2])
FOUND = np.array([0, 1, 1, 0, 1, 0])


@pytest.mark.parametrize(
    ("overlap", "dice", "jaccard", "precision", "recall"),
    [
        (CLASSES[0], 2 * 2 / 6, 2 / 4, 2 / 3, 2 / 3),
        (CLASSES[1], 0.0, 0.0, NAN, 0.0),  # missed: of nothing found no part is right
        (CLASSES[2], NAN, NAN, NAN, NAN),  # neither found nor true
        (ClassOverlap(title="background", id=0), 2 * 1 / 5, 1 / 4, 1 / 3, 1 / 2),
    ],
)
def test_one_class(overlap, dice, jaccard, precision, recall):
    values = overlap.of(Contingency.of(FOUND, TRUTH))
    assert values == pytest.approx((dice, jaccard, precision, recall, dice), nan_ok=True)


def test_means_are_over_the_classes_that_have_a_number():
    values = class_values(CLASSES, (Contingency.of(FOUND, TRUTH),) * 3)
    assert list(values) == [criterion.name for criterion in class_criteria(CLASSES)]
    assert values["dice"] == values["f1"] == pytest.approx((2 / 3 + 0) / 2)
    assert values["jaccard"] == pytest.approx((1 / 2 + 0) / 2)
    assert values["precision"] == pytest.approx(2 / 3)
    assert values["recall"] == pytest.approx((2 / 3 + 0) / 2)
    assert values["dice/axon"] == pytest.approx(2 / 3)
    assert math.isnan(values["recall/ice"])


def test_means_of_nothing_are_nan():
    nothing = Contingency.of(np.zeros(2, np.uint8), np.zeros(2, np.uint8))
    assert math.isnan(class_values(CLASSES, (nothing,) * 3)["dice"])


@pytest.mark.parametrize(
    ("higher_is_better", "candidate", "best", "better"),
    [
        (True, 0.2, 0.1, True),
        (True, 0.1, 0.1, False),
        (False, 0.1, 0.2, True),
        (False, 0.2, 0.1, False),
        (True, 0.0, None, True),
        (True, NAN, None, False),
        (False, NAN, 0.5, False),
    ],
)
def test_which_of_two_numbers_is_better(higher_is_better, candidate, best, better):
    assert Criterion("score", 0.0, 1.0, higher_is_better).better(candidate, best) is better
