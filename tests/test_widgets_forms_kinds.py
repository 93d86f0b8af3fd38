"""Kinds are switched, records of a list added, moved and taken away."""

from typing import cast

from forms import choose, click, field, folds, messages, replace_text, shown, titles
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QPushButton, QWidget

from napari_dacapo.arrays.file import File
from napari_dacapo.augments.augment import Augment
from napari_dacapo.augments.gamma import Gamma
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.augments.rotate import Rotate
from napari_dacapo.augments.scale import Scale
from napari_dacapo.augments.transpose import Transpose
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.experiments.starts.scratch import Scratch
from napari_dacapo.experiments.starts.start import Start
from napari_dacapo.postprocessors.affinity_watershed import AffinityWatershed
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.scores.detection import Detection
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.signed_distance import SignedDistance
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer


def test_kinds_are_offered_in_words_with_what_they_are(qtbot: QtBot) -> None:
    form = shown(qtbot, Task)
    combo = cast(QComboBox, field(form, "Task"))
    assert [combo.itemText(place) for place in range(combo.count())] == [
        "Affinities",
        "Affinities with descriptors",
        "Hot distance",
        "Inner distance",
        "One hot",
        "Signed distance",
    ]
    told = "Distance to the boundary (Heinrich et al. 2018) as tanh(distance / scale), positive inside."
    assert combo.itemData(5, Qt.ItemDataRole.ToolTipRole) == told


def test_a_kind_that_was_left_keeps_what_was_typed(qtbot: QtBot) -> None:
    form = shown(qtbot, Task)
    replace_text(qtbot, field(form, "Neighborhood"), "1, 0\n0, 1")
    choose(qtbot, field(form, "Task"), "Signed distance")
    replace_text(qtbot, field(form, "Channels"), "cells")
    choose(qtbot, field(form, "Task"), "Affinities")
    assert form.value == Affinities(neighborhood=((1, 0), (0, 1)))
    choose(qtbot, field(form, "Task"), "Signed distance")
    assert form.value == SignedDistance(channels=("cells",))


def test_what_was_typed_goes_along_into_fields_of_the_same_name_and_type(qtbot: QtBot) -> None:
    form = shown(qtbot, Task, Affinities(highest_share=0.9, scores=(Detection(),)))
    replace_text(qtbot, field(form, "Lowest share"), "0.125")
    choose(qtbot, field(form, "Task"), "One hot")
    assert form.value == OneHot(lowest_share=0.125, highest_share=0.9)
    replace_text(qtbot, field(form, "Lowest share"), "0.05")  # its default
    choose(qtbot, field(form, "Task"), "Affinities")
    assert form.value == Affinities(highest_share=0.9, scores=(Detection(),))


def test_fields_of_the_same_name_but_other_bounds_stay_apart(qtbot: QtBot) -> None:
    form = shown(qtbot, Augment, Scale(lowest=0.5, highest=2.0, probability=0.25))
    choose(qtbot, field(form, "Augment"), "Rotate")
    assert form.value == Rotate(probability=0.25)


def test_a_kind_within_a_record_is_switched(qtbot: QtBot) -> None:
    form = shown(qtbot, Task)
    choose(qtbot, field(form, "Postprocessor"), "Affinity watershed")
    assert form.value == Affinities(postprocessor=AffinityWatershed())
    settings = next(fold for fold in folds(form) if fold.toggleButton().accessibleName() == "Settings")
    click(qtbot, settings.toggleButton())
    replace_text(qtbot, field(settings, "Min size"), "7, 70")
    assert form.value == Affinities(postprocessor=AffinityWatershed(min_size=(7, 70)))
    choose(qtbot, field(form, "Postprocessor"), "Mutex watershed")
    assert form.value == Affinities(postprocessor=MutexWatershed(min_size=(7, 70)))
    assert "Settings: min size 7 70" in titles(form)


def test_a_new_form_begins_with_the_kind_that_wants_least(qtbot: QtBot) -> None:
    form = shown(qtbot, Start)
    assert form.value == Scratch()
    choose(qtbot, field(form, "Start"), "From run")
    assert [problem.field for problem in form.problems] == ["run"] and messages(form) == []
    qtbot.keyClicks(field(form, "Run"), "first")
    assert form.value == FromRun(run="first")


def test_augments_are_added_from_a_menu(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer, Trainer(augments=(Mirror(),)))
    with qtbot.waitSignal(form.changed):
        _kind_in_menu(field(form, "Augments: Add"), "Gamma").trigger()
    assert form.value == Trainer(augments=(Mirror(), Gamma()))
    added = folds(form)[1]
    assert added.isExpanded()
    replace_text(qtbot, field(added, "Lowest"), "0.5")
    assert form.value == Trainer(augments=(Mirror(), Gamma(lowest=0.5)))
    assert titles(form) == ["Mirror", "Gamma: lowest 0.5"]


def test_augments_are_moved_and_taken_away_by_keyboard(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer, Trainer(augments=(Mirror(), Gamma(), Transpose())))
    qtbot.keyClick(field(form, "Move Transpose up"), Qt.Key.Key_Space)
    assert form.value == Trainer(augments=(Mirror(), Transpose(), Gamma()))
    qtbot.keyClick(field(form, "Move Mirror down"), Qt.Key.Key_Space)
    assert form.value == Trainer(augments=(Transpose(), Mirror(), Gamma()))
    assert titles(form) == ["Transpose", "Mirror", "Gamma"]
    with qtbot.waitSignal(form.changed):
        qtbot.keyClick(field(form, "Remove Mirror"), Qt.Key.Key_Space)
    assert form.value == Trainer(augments=(Transpose(), Gamma()))
    assert titles(form) == ["Transpose", "Gamma"]


def test_the_first_cannot_go_up_nor_the_last_down(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer, Trainer(augments=(Mirror(), Gamma())))
    names = ("Move Mirror up", "Move Mirror down", "Move Gamma up", "Move Gamma down")
    assert [field(form, name).isEnabled() for name in names] == [False, True, True, False]


def test_an_open_record_moves_with_what_was_typed(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer, Trainer(augments=(Mirror(), Gamma())))
    click(qtbot, folds(form)[1].toggleButton())
    replace_text(qtbot, field(form, "Highest"), "x")
    click(qtbot, field(form, "Move Gamma up"))
    assert [problem.field for problem in form.problems] == ["augments.0.highest"]
    assert folds(form)[0].isExpanded()
    assert messages(folds(form)[0]) == ["It is not a number. Write it like 0.5 or 1e-5."]


def test_datasets_are_added_by_a_click(qtbot: QtBot) -> None:
    first = Dataset(raw=File(path="raw.zarr"), labels=File(path="labels.zarr"))
    form = shown(qtbot, DataSplit, ListedDatasets(train=(first,), validate=()))
    assert titles(form) == ["Settings", "raw.zarr, labels.zarr"]
    click(qtbot, field(form, "Validate: Add"))
    assert [problem.field for problem in form.problems] == [
        "validate.0.raw.path",
        "validate.0.labels.path",
    ]
    raw, labels = (each for each in form.findChildren(QWidget) if each.accessibleName() == "Path")
    qtbot.keyClicks(raw, "a.tif")
    qtbot.keyClicks(labels, "b.tif")
    second = Dataset(raw=File(path="a.tif"), labels=File(path="b.tif"))
    assert form.value == ListedDatasets(train=(first,), validate=(second,))


def test_what_is_taken_away_leaves_no_widget(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer, Trainer(augments=(Mirror(),)))
    qtbot.wait(1)
    before = len(form.findChildren(QWidget))
    for _ in range(3):
        _kind_in_menu(field(form, "Augments: Add"), "Elastic").trigger()
        click(qtbot, field(form, "Remove Elastic"))
    qtbot.waitUntil(lambda: len(form.findChildren(QWidget)) == before)


def _kind_in_menu(button: QWidget, text: str):  # type: ignore[no-untyped-def]
    menu = cast(QPushButton, button).menu()
    assert menu is not None
    (action,) = (action for action in menu.actions() if action.text() == text)
    return action
