"""Datasets in which only some classes were labelled: the others carry no weight, and are not judged."""

import math

import numpy as np
import pytest
from tiny import dataset, run, run_folder

from napari_dacapo.arrays.binarize import Binarize, Group
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.memory import TrainingSize
from napari_dacapo.experiments.steps import Validation
from napari_dacapo.experiments.training.batches import Batches
from napari_dacapo.experiments.training.preflight import preflight
from napari_dacapo.experiments.training.train import train
from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.scores.error_rates import ErrorRates
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.hot_distance import HotDistance
from napari_dacapo.tasks.inner_distance import InnerDistance
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.signed_distance import SignedDistance

NAMES = ("axon", "myelin")
CLASSES = [
    kind(channels=NAMES, scale=1.0, postprocessor=Threshold(threshold=(0.0,)))
    for kind in (SignedDistance, InnerDistance, HotDistance)
]
HOT = OneHot(classes=("background", *NAMES), class_scores=(ErrorRates(),))
GROUPS = (Group(title="cell"), Group(title="nucleus", ids=(1, 2)))
LABELS = np.array([[0, 0, 0, 1, 1, 0, 0, 2, 2, 0]] * 5, np.uint8)
KNOWN = np.ones(LABELS.shape, np.bool_)


@pytest.mark.parametrize("task", CLASSES, ids=lambda task: type(task).__name__)
def test_a_class_that_was_not_labelled_has_no_weight(task):
    both, one = (
        task.target(LABELS, task.known_of(KNOWN, annotated), (1.0, 1.0)) for annotated in ((), ("axon",))
    )
    for channel, name in enumerate(task.channel_names(2)):
        if name.startswith("axon"):
            np.testing.assert_array_equal(one[1][channel], both[1][channel])
            assert one[1][channel].any()
        else:
            assert not one[1][channel].any()
    np.testing.assert_array_equal(both[0], one[0])


def test_background_is_known_to_be_that_only_where_all_classes_were_labelled():
    _, weight = HOT.target(LABELS, HOT.known_of(KNOWN, ("axon",)), (1.0, 1.0))
    assert (weight[0, 0] > 0).tolist() == (LABELS[0] == 1).tolist()
    _, weight = HOT.target(LABELS, HOT.known_of(KNOWN, ("myelin", "axon")), (1.0, 1.0))
    assert (weight > 0).all()


@pytest.mark.parametrize("task", [CLASSES[0], HOT], ids=["distance", "one-hot"])
def test_a_class_that_was_not_labelled_is_not_judged(task):
    found = np.array([[0, 0, 0, 1, 1, 2, 2, 2, 2, 2]] * 5, np.uint8)
    scores = task.score(found, LABELS, task.known_of(KNOWN, ("axon",)))
    assert list(scores) == [criterion.name for criterion in task.criteria()]
    assert scores["dice/axon"] == scores["dice"] == 1
    assert math.isnan(scores["dice/myelin"])
    assert task.score(found, LABELS, KNOWN)["dice/myelin"] == pytest.approx(4 / 7)


def test_other_scores_of_a_class_leave_out_what_is_unknown():
    found = np.array([[0, 0, 0, 1, 1, 2, 2, 2, 2, 2]] * 5, np.uint8)
    scores = HOT.score(found, LABELS, KNOWN)
    assert scores["false_discovery_rate/myelin"] == pytest.approx(3 / 5)
    assert scores["false_positive_rate/myelin"] == pytest.approx(3 / 8)
    assert scores["false_negative_rate"] == 0
    half = KNOWN.copy()
    half[:, 5:7] = False
    assert HOT.score(found, LABELS, half)["false_discovery_rate/myelin"] == pytest.approx(1 / 3)


def test_a_name_that_is_no_class_is_refused_with_those_there_are():
    with pytest.raises(UserInputError, match=r"annotated is .*no class 'dendrite'. Choose from axon, myelin"):
        CLASSES[0].known_of(KNOWN, ("dendrite",))
    with pytest.raises(UserInputError, match=r"finds objects and has no classes. Leave it empty"):
        Affinities().known_of(KNOWN, ("axon",))


def test_a_run_weighs_and_judges_what_each_dataset_has(tmp_path):
    labelled = [
        dataset(tmp_path, title, (32, 32, 32), seed).replace(annotated=("cell",))
        for seed, title in enumerate(("one", "two"))
    ]
    task = SignedDistance(channels=("cell", "nucleus"), scale=8.0, postprocessor=Threshold(threshold=(0.0,)))
    labelled = [
        each.replace(labels=each.labels.replace(steps=(Binarize(groups=GROUPS),))) for each in labelled
    ]
    split = ListedDatasets(train=labelled[:1], validate=labelled[1:])
    whole = run(tmp_path, datasplit=split, task=task, iterations=1)
    (training,) = split.training(tmp_path)
    size = TrainingSize(1, whole.architecture.input_patch)
    weight = Batches.of(whole, (training,), size).at(0).weight
    assert weight[0, 0].any()
    assert not weight[0, 1].any()
    (validation,) = (step for step in train(whole, run_folder(tmp_path)) if isinstance(step, Validation))
    assert math.isnan(validation.scores["dice/nucleus"])
    assert validation.scores["dice"] == validation.scores["dice/cell"]


def test_a_run_whose_dataset_names_other_classes_says_so_before_it_starts(tmp_path):
    whole = run(tmp_path)
    named = whole.datasplit.train[0].replace(annotated=("axon",))
    report = preflight(whole.replace(datasplit=whole.datasplit.replace(train=(named,))), tmp_path)
    (problem,) = report.problems
    assert str(problem) == (
        "train.annotated is ('axon',): this task finds objects and has no classes. "
        "Leave it empty, or choose a task of classes."
    )
