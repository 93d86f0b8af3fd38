"""What is wrong is said in its place, in a sentence; all else goes on working, and nothing typed is lost."""

from typing import Any

import pytest
from forms import click, field, fields, folds, messages, open_all, replace_text, shown
from pytestqt.qtbot import QtBot
from qtpy.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.file import File
from napari_dacapo.augments.gamma import Gamma
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.config import Config
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.errors import UserInputError
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer

NUMBER = "It is not a number. Write it like 0.5 or 1e-5."


@pytest.mark.parametrize(
    ("record_type", "label", "text", "path", "sentence"),
    [
        (Trainer, "Learning rate", "fast", "learning_rate", NUMBER),
        (Trainer, "Learning rate", "0,001", "learning_rate", NUMBER),
        (Trainer, "Learning rate", "", "learning_rate", NUMBER),
        (Trainer, "Learning rate", "11", "learning_rate", "Input should be less than or equal to 10."),
        (Trainer, "Learning rate", "nan", "learning_rate", "Input should be a finite number."),
        (Trainer, "Batch size", "1.5", "batch_size", "It is not a whole number."),
        (Trainer, "Batch size", "0", "batch_size", "Input should be greater than or equal to 1."),
        (UNet, "Fmaps out", "x", "fmaps_out", "It is not a whole number."),
        (UNet, "Input shape", "92, 9x, 92", "input_shape.1", "'9x': it is not a whole number."),
        (UNet, "Input shape", "92", "input_shape", "It has 1 entries, it needs 2 or more."),
        (
            UNet,
            "Input shape",
            "93, 92, 92",
            "input_shape",
            "An input of (93, 92, 92) does not fit this network's poolings along z. Nearest that work: "
            "(92, 92, 92) and (96, 92, 92). Along z it takes 44, 48, 52 and so on by 4.",
        ),
        (
            Affinities,
            "Neighborhood",
            "1,0,0\n0,1,0\n0,0,1\n0,0,1",
            "neighborhood",
            "An offset stands twice. Remove one of them.",
        ),
        (MutexWatershed, "Bias", "0.1 a", "bias.1", "'a': it is not a number. Write it like 0.5 or 1e-5."),
        (MutexWatershed, "Bias", "a", "bias.0", "'a': it is not a number. Write it like 0.5 or 1e-5."),
        (
            Affinities,
            "Lowest share",
            "0.99",
            "Affinities",
            "lowest_share is not below highest_share. Choose such as 0.05 and 0.95.",
        ),
    ],
)
def test_a_wrong_value_is_told_in_a_sentence(
    qtbot: QtBot, record_type: type[Config], label: str, text: str, path: str, sentence: str
) -> None:
    form = shown(qtbot, record_type)
    edit = field(form, label)
    replace_text(qtbot, edit, text)
    assert [problem.field for problem in form.problems] == [path]
    assert messages(form) == [sentence]
    with pytest.raises(UserInputError) as raised:
        _ = form.value
    assert raised.value.field == path
    assert _text(edit) == text


def test_a_sentence_stands_right_below_its_field(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer)
    replace_text(qtbot, field(form, "Learning rate"), "fast")
    qtbot.wait(1)  # until the form made room for it
    (message,) = (each for each in form.findChildren(QWidget) if each.isVisible() and _is_told(each, NUMBER))
    above, below = (_top(form, field(form, name)) for name in ("Learning rate", "Optimizer"))
    assert above < _top(form, message) < below


def test_other_fields_work_while_one_is_wrong(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer)
    replace_text(qtbot, field(form, "Learning rate"), "fast")
    replace_text(qtbot, field(form, "Batch size"), "8")
    replace_text(qtbot, field(form, "Momentum"), "1")
    assert [problem.field for problem in form.problems] == ["learning_rate", "momentum"]
    replace_text(qtbot, field(form, "Learning rate"), "0.01")
    replace_text(qtbot, field(form, "Momentum"), "0.5")
    assert form.value == Trainer(learning_rate=0.01, batch_size=8, momentum=0.5)
    assert messages(form) == []


def test_what_is_wrong_deep_in_lists_is_told_there(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer, Trainer(augments=(Mirror(), Gamma(), Mirror())))
    gamma = folds(form)[1]
    click(qtbot, gamma.toggleButton())
    replace_text(qtbot, field(gamma, "Probability"), "2")
    assert [problem.field for problem in form.problems] == ["augments.1.probability"]
    assert messages(gamma) == messages(form) == ["Input should be less than or equal to 1."]
    click(qtbot, gamma.toggleButton())
    assert messages(form) == ["Probability: Input should be less than or equal to 1."]
    click(qtbot, gamma.toggleButton())
    replace_text(qtbot, field(gamma, "Probability"), "1")
    replace_text(qtbot, field(gamma, "Lowest"), "5")
    assert [problem.field for problem in form.problems] == ["augments.1"]
    assert messages(gamma) == ["The lowest value (5.0) is above the highest (1.4). Swap them."]


def test_what_must_be_given_is_missed_until_it_is(qtbot: QtBot) -> None:
    form = shown(qtbot, File)
    assert [problem.field for problem in form.problems] == ["path"]
    qtbot.keyClicks(field(form, "Path"), "raw.zarr")
    assert form.value == File(path="raw.zarr")
    replace_text(qtbot, field(form, "Path"), "")
    assert messages(form) == ["A value is needed."]


def test_a_new_form_says_nothing_in_red_until_a_person_was_at_the_field(qtbot: QtBot) -> None:
    form = shown(qtbot, Dataset)
    open_all(qtbot, form)
    raw, labels = fields(form, "Path")
    assert len(form.problems) == 2 and messages(form) == []
    replace_text(qtbot, raw, "a")
    assert len(form.problems) == 1 and messages(form) == []
    replace_text(qtbot, raw, "")
    assert messages(form) == ["A value is needed."]
    qtbot.keyClicks(raw, "a")
    qtbot.keyClicks(labels, "b")
    assert form.value == Dataset(raw=File(path="a"), labels=File(path="b"))


def test_two_datasets_of_one_title_are_told_at_their_list(qtbot: QtBot) -> None:
    dataset = Dataset(raw=File(path="a"), labels=File(path="b"))
    other = dataset.replace(title="other")
    form = shown(qtbot, DataSplit, ListedDatasets(train=(dataset,), validate=(dataset, other)))
    click(qtbot, folds(form)[-1].toggleButton())
    replace_text(qtbot, field(form, "Title"), "dataset")
    assert [problem.field for problem in form.problems] == ["validate"]
    assert messages(form) == ["Two datasets have the title 'dataset'. Give each its own."]


@pytest.mark.parametrize("record_type", [Task, Architecture])
def test_setting_a_value_clears_what_was_wrong(qtbot: QtBot, record_type: type[Any]) -> None:
    form = shown(qtbot, record_type)
    right = form.value
    edit = fields(form, "Lowest share" if record_type is Task else "Num fmaps")[0]
    replace_text(qtbot, edit, "x")
    assert form.problems
    form.value = right
    assert (form.problems, messages(form), form.value) == ([], [], right)


def _text(edit: QWidget) -> str:
    if isinstance(edit, QPlainTextEdit):
        return edit.toPlainText()
    assert isinstance(edit, QLineEdit)
    return edit.text()


def _is_told(widget: QWidget, text: str) -> bool:
    return getattr(widget, "text", str)() == text


def _top(form: QWidget, widget: QWidget) -> int:
    return widget.mapTo(form, widget.rect().topLeft()).y()
