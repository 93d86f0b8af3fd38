"""Every record goes through its form and comes out equal."""

import pytest
from examples_of_kinds import example, families, records
from forms import DOCK_WIDTH, messages, open_all, shown
from pytestqt.qtbot import QtBot

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.crop import Crop
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.augments.gamma import Gamma
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.config import Config, Family
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.held_out_slab import HeldOutSlab
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.scores.detection import Detection
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.signed_distance import SignedDistance
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer

RAW = File(
    path="raw.zarr",
    array="volumes/raw",
    level=1,
    axes="czyx",
    voxel_size=(40.0, 4.5, 1e-5),
    offset=(-20.0, 0.0, 1e10),
    unit="nm",
    time=3,
    steps=(Crop(begin=(0.0, 0.5, -1.0), end=(1.0, 2.0, 3.0)), FixedRange(low=-1.0, high=4095.0)),
)
DATASET = Dataset(
    title="é 1, the first",
    raw=RAW,
    labels=File(path="/a folder/labels.n5"),
    mask=File(path="mask.tif"),
    unlabelled="zero",
    weight=7,
    points=((1.0, 2.0, 3.0), (4.5, 5.0, 6.0)),
)
RICH = {
    "unet": UNet(
        downsample_factors=((1, 2, 2), (2, 2, 2)),
        kernel_size_down=(((1, 3, 3), (3, 3, 3)), ((3, 3, 3),), ((3, 3, 3), (1, 1, 1))),
        kernel_size_up=(((3, 3, 3),), ((1, 3, 3), (3, 3, 3))),
        upsample_factors=((1, 2, 2),),
        input_shape=(32, 92, 92),
        eval_shape_increase=(0, 0, 4),
        padding="same",
    ),
    "affinities": Affinities(
        neighborhood=((-1, 0), (0, 1), (9, -9)),
        lowest_share=1e-5,
        postprocessor=MutexWatershed(bias=(0.25,), stride=1),
        scores=(Detection(threshold=0.75), Detection(threshold=0.5)),
    ),
    "classes": OneHot(classes=("background", "axons, thick", "étoile"), kernel_size=3),
    "distance": SignedDistance(channels=("a", "b"), scale=12.5, postprocessor=Threshold()),
    "trainer": Trainer(
        augments=(Gamma(lowest=0.5), Mirror(axes=("x", "z")), Mirror(axes=()), Gamma()),
        learning_rate=1e-5,
        weight_decay=0.0,
        clip_gradient_norm=None,
        seed=2**31 - 1,
        warmup_iterations=1_000_000_000,
    ),
    "dataset": DATASET,
    "datasets": ListedDatasets(train=(DATASET, DATASET), validate=(DATASET,)),
    "run": Run(
        datasplit=HeldOutSlab(dataset=DATASET, axis="x", fraction=0.125),
        architecture=UNet(num_fmaps=24),
        task=OneHot(),
        trainer=Trainer(batch_size=4),
        start=FromRun(run="other", iteration=5),
        patience=3,
    ),
}


def base(record_type: type[Config]) -> type[Config]:
    """What a page of the dock makes the form from: the family, where the record is of one."""
    return next((each for each in record_type.__mro__ if Family in each.__bases__), record_type)


@pytest.mark.parametrize("record_type", records(), ids=lambda record_type: record_type.__name__)
def test_every_record_goes_through_its_form(qtbot: QtBot, record_type: type[Config]) -> None:
    record = example(record_type)
    form = shown(qtbot, base(record_type), record)
    assert form.value == record
    open_all(qtbot, form)
    assert form.value == record
    assert form.problems == [] == messages(form)


@pytest.mark.parametrize("record", RICH.values(), ids=RICH.keys())
def test_unusual_values_go_through_a_form_that_was_filled_before(qtbot: QtBot, record: Config) -> None:
    form = shown(qtbot, base(type(record)))
    open_all(qtbot, form)
    form.value = record
    assert form.value == record
    open_all(qtbot, form)
    assert form.value == record
    assert repr(form.value) == repr(record)


@pytest.mark.parametrize("name", ["unet", "affinities", "trainer", "datasets"])
def test_forms_fit_a_narrow_dock(qtbot: QtBot, name: str) -> None:
    record = RICH[name]
    form = shown(qtbot, base(type(record)), record)
    open_all(qtbot, form)
    assert form.minimumSizeHint().width() <= DOCK_WIDTH


@pytest.mark.parametrize("record_type", [*families(), Trainer, Dataset, Run])
def test_a_new_form_shows_the_defaults(qtbot: QtBot, record_type: type[Config]) -> None:
    form = shown(qtbot, record_type)
    missing = {problem.field.rpartition(".")[2] for problem in form.problems}
    assert missing <= {"path"}
    assert messages(form) == []


def test_setting_a_value_is_no_edit(qtbot: QtBot) -> None:
    form = shown(qtbot, Task)
    open_all(qtbot, form)
    with qtbot.assertNotEmitted(form.changed):
        form.value = RICH["affinities"]
        form.value = RICH["classes"]
