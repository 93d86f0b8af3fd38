"""A person edits a form by mouse and keyboard: what was meant changes, and nothing else."""

from typing import Annotated, Any, cast

import pytest
from forms import choose, click, field, fields, open_all, replace_text, shown
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QKeyEvent, QWheelEvent
from qtpy.QtWidgets import QApplication, QCheckBox, QFileDialog, QLabel, QPushButton, QToolButton

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.file import File
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.config import Config, Unit
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.trainers.trainer import Trainer

TRAINER = Trainer(learning_rate=1e-5, weight_decay=3e-7, clip_gradient_norm=2.5, loader_threads=2)


class Odd(Config):
    """What other packages may declare."""

    size: Annotated[float, Unit("nm")] = 4.0
    "With a unit."

    layout: dict[str, float] = {"a": 0.5}  # noqa: RUF012  a name that Qt has as well
    "What no other editor is for."

    pair: tuple[int, float] = (1, 0.5)
    "Of a fixed length."

    name: str = "odd"
    "A name that magicgui has as well."

    parent: Mirror = Mirror()
    "A record within, of one kind."


@pytest.mark.parametrize(
    ("label", "text", "change"),
    [
        ("Learning rate", "2e-6", {"learning_rate": 2e-6}),
        ("Batch size", "16", {"batch_size": 16}),
        ("Loader threads", "64", {"loader_threads": 64}),
        ("Seed", "2147483647", {"seed": 2**31 - 1}),
        ("Clip gradient norm", "1", {"clip_gradient_norm": 1.0}),
    ],
)
def test_typing_into_one_field_changes_only_that(
    qtbot: QtBot, label: str, text: str, change: dict[str, Any]
) -> None:
    form = shown(qtbot, Trainer, TRAINER)
    replace_text(qtbot, fields(form, label)[-1], text)  # after its tick, if it has one
    assert form.value == TRAINER.replace(**change)


@pytest.mark.parametrize(
    ("label", "text", "change"),
    [
        ("Input shape", "96, 92, 92", {"input_shape": (96, 92, 92)}),
        ("Downsample factors", "1 2 2\n2 2 2", {"downsample_factors": ((1, 2, 2), (2, 2, 2))}),
        ("Kernel size down", "3,3,3\n3,3,3; 1,1,1\n5,5,5", None),
    ],
)
def test_tuples_are_typed_as_rows(qtbot: QtBot, label: str, text: str, change: dict[str, Any] | None) -> None:
    form = shown(qtbot, UNet, UNet(padding="same"))
    replace_text(qtbot, field(form, label), text)
    kernels = (((3, 3, 3),), ((3, 3, 3), (1, 1, 1)), ((5, 5, 5),))
    assert form.value == UNet(padding="same").replace(**(change or {"kernel_size_down": kernels}))


def test_choices_texts_and_ticks_change_only_their_field(qtbot: QtBot) -> None:
    form = shown(qtbot, OneHot)
    replace_text(qtbot, field(form, "Classes"), "background\naxon\nglia, pale")
    assert form.value == OneHot(classes=("background", "axon", "glia, pale"))
    form = shown(qtbot, Trainer)
    choose(qtbot, field(form, "Schedule"), "cosine")
    assert form.value == Trainer(schedule="cosine")
    form = shown(qtbot, Affinities)
    click(qtbot, field(form, "Background as object"))
    assert form.value == Affinities(background_as_object=True)


def test_axes_are_ticked(qtbot: QtBot) -> None:
    form = shown(qtbot, Mirror, Mirror(axes=("x", "y")))
    ticks = {tick.text(): tick for tick in form.findChildren(QCheckBox)}
    click(qtbot, ticks["z"])
    assert form.value == Mirror(axes=("x", "y", "z"))
    click(qtbot, ticks["x"])
    assert form.value == Mirror(axes=("y", "z"))


def test_changed_comes_once_an_edit_when_the_value_is_there(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer)
    heard: list[float] = []
    form.changed.connect(lambda: heard.append(cast(Trainer, form.value).learning_rate))
    qtbot.keyClicks(field(form, "Learning rate"), "25")
    click(qtbot, fields(form, "Clip gradient norm")[0])
    assert heard == [0.0012, 0.00125, 0.00125]


def test_up_and_down_step_a_number(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer, TRAINER)
    with qtbot.waitSignal(form.changed):
        qtbot.keyClick(field(form, "Learning rate"), Qt.Key.Key_Up)
    qtbot.keyClick(field(form, "Batch size"), Qt.Key.Key_Up)
    with qtbot.assertNotEmitted(form.changed):
        qtbot.keyClick(field(form, "Seed"), Qt.Key.Key_Down)  # it is 0
    assert form.value == TRAINER.replace(learning_rate=2e-5, batch_size=2)


def test_keys_that_qt_does_not_know_do_nothing(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer)
    key = QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(field(form, "Seed"), key)
    assert form.value == Trainer()


def test_what_is_switched_off_is_kept(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer, TRAINER)
    tick, _ = fields(form, "Clip gradient norm")
    click(qtbot, tick)
    assert form.value == TRAINER.replace(clip_gradient_norm=None)
    assert fields(form, "Clip gradient norm") == [tick]
    click(qtbot, tick)
    assert form.value == TRAINER


def test_a_count_that_is_switched_on_for_the_first_time_is_the_lowest(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer, Trainer())
    click(qtbot, fields(form, "Loader threads")[0])
    assert form.value == Trainer(loader_threads=0)


def test_what_is_switched_on_for_the_first_time_is_empty(qtbot: QtBot) -> None:
    form = shown(qtbot, File, File(path="raw.zarr"))
    qtbot.keyClick(field(form, "Voxel size"), Qt.Key.Key_Space)
    assert [problem.field for problem in form.problems] == ["voxel_size"]
    qtbot.keyClicks(fields(form, "Voxel size")[1], "40, 4, 4")
    assert form.value == File(path="raw.zarr", voxel_size=(40.0, 4.0, 4.0))


def test_a_file_or_a_folder_can_be_chosen(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    form = shown(qtbot, File)
    file, folder = (button for button in form.findChildren(QPushButton) if "…" in button.text())
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/data/raw.tif", ""))
    click(qtbot, file)
    assert form.value == File(path="/data/raw.tif")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/data/raw.zarr")
    click(qtbot, folder)
    assert form.value == File(path="/data/raw.zarr")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    with qtbot.assertNotEmitted(form.changed):
        click(qtbot, folder)


def test_scrolling_past_a_choice_does_not_change_it(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer)
    combo, spin = field(form, "Optimizer"), field(form, "Loader threads")
    fields(form, "Seed")[0].setFocus()
    for widget in (combo, spin):
        QApplication.sendEvent(widget, _wheel_down(widget.rect().center()))
    assert form.value == Trainer()


def test_tab_goes_from_top_to_bottom(qtbot: QtBot) -> None:
    form = shown(qtbot, Affinities)
    open_all(qtbot, form)
    first = widget = field(form, "Neighborhood")
    names = [first.accessibleName()]
    while (widget := widget.nextInFocusChain()) is not first:
        if widget.isVisibleTo(form) and widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value:
            names.append(widget.accessibleName())
    assert [name for name in names if name] == [
        "Neighborhood",
        "Background as object",
        "Lowest share",
        "Highest share",
        "Postprocessor",
        "Settings",
        "Bias",
        "Foreground",
        "Min size",
        "Stride",
        "Scores: Add",
        *_score_names("Variation of information", "Ignore background"),
        *_score_names("Adapted rand", "Ignore background"),
        *_score_names("Detection", "Threshold"),
        *_score_names("Mean IoU", "Threshold"),
    ]


def test_every_field_has_a_label_and_says_what_it_is(qtbot: QtBot) -> None:
    form = shown(qtbot, Trainer)
    seed = field(form, "Seed")
    (label,) = (each for each in form.findChildren(QLabel) if each.text() == "Seed")
    assert label.buddy() is seed
    told = "Everything random follows from it: the same seed gives the same run."
    (mark,) = (each for each in form.findChildren(QToolButton) if each.accessibleName() == "About Seed")
    assert [mark.toolTip(), mark.whatsThis(), seed.accessibleDescription()] == [told] * 3


def test_records_of_other_packages_get_a_form_as_well(qtbot: QtBot) -> None:
    form = shown(qtbot, Odd)
    replace_text(qtbot, field(form, "Size (nm)"), "1e-5")
    replace_text(qtbot, field(form, "Layout"), '{"b": 2}')
    replace_text(qtbot, field(form, "Pair"), "3, 4")
    replace_text(qtbot, field(form, "Probability"), "0.5")
    expected = Odd(size=1e-5, layout={"b": 2.0}, pair=(3, 4.0), parent=Mirror(probability=0.5))
    assert form.value == expected
    replace_text(qtbot, field(form, "Layout"), '{"b": ')
    assert [problem.field for problem in form.problems] == ["layout"]


def _wheel_down(place: QPoint) -> QWheelEvent:
    return QWheelEvent(
        QPointF(place),
        QPointF(place),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )


def _score_names(title: str, inside: str) -> tuple[str, ...]:
    kind = title.partition(":")[0]
    return (title, f"Move {kind} up", f"Move {kind} down", f"Remove {kind}", inside)
