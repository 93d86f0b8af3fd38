"""What a person is told about a training that is not going well."""

import pytest

from napari_dacapo.experiments.steps import TrainStep
from napari_dacapo.experiments.training.hints import Hints


def told(losses: list[float], waited: list[float]) -> list[str]:
    """Of iterations of a second each."""
    hints = Hints()
    steps = zip(losses, waited, strict=True)
    done = [TrainStep(n, 100, loss, 1e-3, 1.0, part, "cuda:0", 0) for n, (loss, part) in enumerate(steps, 1)]
    return [hint.text for step in done for hint in hints.after(step)]


@pytest.mark.parametrize(
    ("first", "rest", "said"),
    [
        (0.9, 0.1, []),  # chunks were read for the first time
        (0.0, 0.25, []),
        (0.0, 0.6, ["60% of the time cuda:0 waits for data."]),
    ],
)
def test_waiting_for_data_is_told_once(first: float, rest: float, said: list[str]) -> None:
    found = told([0.7] * 100, [first] * 10 + [rest] * 90)
    assert [text.partition(".")[0] + "." for text in found] == said


def test_steps_that_learn_nothing_are_told_when_ten_came_in_a_row() -> None:
    assert told([0.0] * 9 + [0.5] + [0.0] * 9, [0.0] * 19) == []
    (text,) = told([0.5] + [0.0] * 30, [0.0] * 31)
    assert "10 steps in a row had a loss of 0" in text
