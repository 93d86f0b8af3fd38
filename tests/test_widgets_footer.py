"""The line below the curve: what a run does, how fast, where, and what is left."""

from dataclasses import replace

from napari_dacapo.experiments.steps import TrainStep
from napari_dacapo.widgets.training.footer import sentence_of
from napari_dacapo.widgets.training.queued_run import QueuedRun
from napari_dacapo.widgets.training.queued_work import Scored

RUNNING = QueuedRun("first", state="running", of=100).after(
    [TrainStep(number, 100, 0.5, 0.001, 2.0, 0.0, "cuda:0", 3 * 2**29) for number in range(1, 41)], 80.0
)


def test_a_training_says_how_fast_where_and_with_how_much_memory() -> None:
    assert sentence_of(RUNNING) == (
        "first: Trains, iteration 40 of 100. 0.5 iterations/s, 2:00 left. On cuda:0, 1.5 GiB."
    )


def test_the_best_score_stays_when_it_has_ended_and_device_and_speed_go() -> None:
    ended = replace(RUNNING, state="finished", sentence="Done.", best=Scored(20, "voi_sum", 0.25, True))
    assert sentence_of(ended) == "first: Done. Best voi_sum 0.2500 at 20."
