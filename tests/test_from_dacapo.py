"""A project of DaCapo is taken over: every field is accounted for, and nothing is half there."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from dacapo_projects import AFFINITIES, PROJECT, RUN, SPLIT, TRAINER, UNET, write_project, zarr

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.binarize import Binarize, Group
from napari_dacapo.arrays.crop import Crop
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.augments.elastic import Elastic
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.augments.rotate import Rotate
from napari_dacapo.augments.transpose import Transpose
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.folder_datasets import FolderDatasets
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.experiments.steps import result_of
from napari_dacapo.from_dacapo.project import bring
from napari_dacapo.from_dacapo.report import Brought
from napari_dacapo.scores.boundary_distances import BoundaryDistances
from napari_dacapo.scores.tolerant_rates import TolerantRates
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.affinities_with_descriptors import AffinitiesWithDescriptors
from napari_dacapo.tasks.hot_distance import HotDistance
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.signed_distance import SignedDistance
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "ours")


def brought(workspace: Workspace, **records: list[dict[str, Any]]) -> Brought:
    return result_of(bring(write_project(workspace.path.parent / "theirs", records), workspace))


def only(found: Brought) -> Any:
    """The one record that there is, or why it was not taken over."""
    (account,) = found.accounts
    return account.record or account.problem


# --- the whole ---


def test_every_record_of_a_project_arrives_under_its_name(workspace: Workspace) -> None:
    found = brought(workspace, **PROJECT, runs=[RUN])
    assert found.stored.added == (
        *("DataSplit/cells", "Architecture/small", "Task/affs", "Trainer/plain", "Run/first"),
    )
    store = workspace.store
    assert store.read(Architecture, "small") == UNet(
        num_fmaps=2,
        fmap_inc_factor=2,
        fmaps_out=3,
        downsample_factors=((2, 2),),
        wide_last_rise=True,
        input_shape=(20, 22),
        eval_shape_increase=(4, 0),
    )
    assert store.read(Task, "affs") == Affinities(
        neighborhood=((1, 0), (0, 1), (-3, 0)), background_as_object=True, lowest_share=0.1, highest_share=0.9
    )
    assert store.read(DataSplit, "cells") == FolderDatasets(
        path="/nowhere/data.zarr", normalization=FixedRange(low=0.0, high=255.0)
    )
    assert store.read(Trainer, "plain") == Trainer(
        augments=(Mirror(probability=0.5), Transpose(probability=0.5)),
        batch_size=2,
        learning_rate=0.0005,
        weight_decay=0.0,
        warmup_iterations=1000,
        clip_gradient_norm=None,
        min_labelled=0.2,
        snapshot_interval=0,
    )


def test_a_run_holds_copies_of_its_components_and_tells_where_they_are_from(workspace: Workspace) -> None:
    brought(workspace, **PROJECT, runs=[RUN])
    run = workspace.store.read(Run, "first")
    assert run.architecture == workspace.store.read(Architecture, "small")
    assert (run.iterations, run.validation_interval, run.repetition) == (200, 50, 1)
    assert workspace.store.used_by(Task, "affs") == ("first",)


def test_components_that_only_a_run_holds_come_along(workspace: Workspace) -> None:
    assert len(brought(workspace, runs=[RUN]).stored.added) == 5


def test_every_field_is_told_with_its_name_here_or_why_it_was_left_out(workspace: Workspace) -> None:
    odd = {**UNET, "made_of": "cheese"}
    text = list(brought(workspace, architectures=[odd]).text())
    assert text[0] == "architecture small: taken over as UNet"
    assert "    num_fmaps 2 -> num_fmaps" in text
    assert "    batch_norm false -> normalization" in text
    assert "    fmaps_in 1 left out (the data tell how many channels they have)" in text
    assert '    made_of "cheese" left out (not known)' in text
    told = {line.split()[0] for line in text[1:-1]}
    unset = {name for name, value in odd.items() if value is None}
    assert set(odd) - {"__type__", "name"} - unset <= told


def test_what_has_no_counterpart_stays_out_with_a_reason_and_the_rest_comes(workspace: Workspace) -> None:
    other = {"__type__": "DummyTaskConfig", "name": "dummy", "embedding_dims": 2, "detection_threshold": 0.1}
    found = brought(workspace, tasks=[AFFINITIES, other])
    assert found.stored.added == ("Task/affs",)
    assert found.accounts[1].problem.startswith("type is 'DummyTask': it has no counterpart here.")
    assert list(found.text())[-1].startswith(
        "1 added, 0 replaced, 0 already there. 1 not taken over. type is"
    )


def test_where_a_name_stands_for_another_record_nothing_is_changed(workspace: Workspace) -> None:
    workspace.store.save(Task, "AFFS", OneHot())
    with pytest.raises(UserInputError, match="different records have these names here"):
        brought(workspace, **PROJECT)
    assert workspace.store.names(Architecture) == ()
    assert workspace.store.read(Task, "affs") == OneHot()


def test_the_same_project_again_adds_nothing(workspace: Workspace) -> None:
    brought(workspace, **PROJECT, runs=[RUN])
    again = brought(workspace, **PROJECT, runs=[RUN])
    assert (again.stored.added, len(again.stored.unchanged)) == ((), 5)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("a/b", "separates folders"), ("con", "Windows keeps this name"), ("AFFS", "but for its case")],
)
def test_a_name_that_cannot_be_one_here_keeps_its_record_out(
    workspace: Workspace, name: str, reason: str
) -> None:
    folder = write_project(workspace.path.parent / "theirs", {"tasks": [AFFINITIES]})
    (folder / "configs" / "tasks" / "other.yaml").write_text(yaml.dump({**AFFINITIES, "name": name}))
    problems = [
        account.problem for account in result_of(bring(folder, workspace)).accounts if account.record is None
    ]
    assert len(problems) == 1
    assert reason in problems[0]


# --- files ---


def test_collections_that_mongoexport_wrote_are_read_a_document_a_line(workspace: Workspace) -> None:
    folder = workspace.path.parent / "theirs"
    folder.mkdir()
    lines = [{"_id": {"$oid": "5f"}, **AFFINITIES}, {"_id": {"$oid": "60"}, **AFFINITIES, "name": "again"}]
    (folder / "tasks.json").write_text("\n".join(map(json.dumps, lines)))
    assert result_of(bring(folder, workspace)).stored.added == ("Task/affs", "Task/again")


def bomb() -> str:
    """Few lines that name each other: written out, 2 times 9 to the 7th values."""
    pairs = zip("abcdefg", "bcdefgh", strict=True)
    lines = [f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]" for before, after in pairs]
    return "\n".join(["a: &a [1, 1]", *lines])


DAMAGED = {
    "code": ("!!python/object/apply:os.system ['touch owned']", "could not determine a constructor"),
    "no record": ("- 1\n- 2", "it holds no record"),
    "no YAML": ("a: [1, 2", "while parsing"),
    "a bomb": (bomb(), "more than 100,000 values"),
    "nothing": ("", "it holds no record"),
}


@pytest.mark.parametrize(("text", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_a_file_that_holds_no_record_is_named_and_nothing_in_it_runs(
    workspace: Workspace, text: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace.path.parent)
    folder = write_project(workspace.path.parent / "theirs", {"tasks": [AFFINITIES]})
    (folder / "configs" / "tasks" / "bad.yaml").write_text(text)
    found = result_of(bring(folder, workspace))
    assert reason in found.unreadable["tasks/bad.yaml"]
    assert found.stored.added == ("Task/affs",)
    assert not Path("owned").exists()


def test_a_folder_without_records_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="holds no records of DaCapo"):
        result_of(bring(tmp_path, workspace))


MALFORMED = {
    "a number for a record": ("runs", {**RUN, "task_config": 3}, "a record is wanted here"),
    "a needed field is missing": (
        "tasks",
        {"__type__": "OneHotTaskConfig", "name": "x"},
        "classes is missing",
    ),
    "a text for a number": ("architectures", {**UNET, "num_fmaps": "many"}, "num_fmaps is 'many'"),
    "a number for a list": ("trainers", {**TRAINER, "augments": [7]}, "augments.0 is 7"),
    "an even kernel": ("architectures", {**UNET, "kernel_size_up": [[(2, 2)]]}, "even size"),
    "no address but a bucket": ("datasplits", {**SPLIT, "path": 5, "raw_name": 3}, "not laid out as DaCapo"),
}


@pytest.mark.parametrize(("collection", "record", "reason"), MALFORMED.values(), ids=MALFORMED)
def test_a_record_that_somebody_broke_stays_out_with_the_field(
    workspace: Workspace, collection: str, record: dict[str, Any], reason: str
) -> None:
    found = brought(workspace, **{collection: [record]})
    problem = next(each.problem for each in found.accounts if each.record is None)
    assert reason in problem


# --- records ---

DISTANCE = {"channels": ["mito", "er"], "clip_distance": 80.0, "tol_distance": 40.0, "scale_factor": 20.0}
TASKS = {
    "descriptors": (
        {**AFFINITIES, "lsds": True, "downsample_lsds": 2},
        lambda task: isinstance(task, AffinitiesWithDescriptors) and task.downsample_lsds == 2,
    ),
    "distance": (
        {"__type__": "DistanceTaskConfig", "name": "d", **DISTANCE, "clipmin": 0.2, "mask_distances": True},
        lambda task: isinstance(task, SignedDistance) and (task.scale, task.lowest_share) == (20.0, 0.2),
    ),
    "hot distance without a kernel has one of 3": (
        {"__type__": "HotDistanceTaskConfig", "name": "h", **DISTANCE, "kernel_size": None},
        lambda task: isinstance(task, HotDistance) and task.kernel_size == 3,
    ),
    "classes": (
        {"__type__": "OneHotTaskConfig", "name": "o", "classes": ["none", "mito"], "kernel_size": 1},
        lambda task: task == OneHot(classes=("none", "mito")),
    ),
    "pretrained": (
        {"__type__": "PretrainedTaskConfig", "name": "p", "weights": "x.pt", "sub_task_config": AFFINITIES},
        lambda task: isinstance(task, Affinities),
    ),
}


@pytest.mark.parametrize(("record", "is_right"), TASKS.values(), ids=TASKS)
def test_a_task_becomes_the_one_that_learns_the_same(
    workspace: Workspace, record: Any, is_right: Any
) -> None:
    assert is_right(only(brought(workspace, tasks=[record])))


def test_distances_keep_their_tolerance_and_clip(workspace: Workspace) -> None:
    task = only(brought(workspace, tasks=[{"__type__": "DistanceTaskConfig", "name": "d", **DISTANCE}]))
    assert task.class_scores == (TolerantRates(tolerance=40.0), BoundaryDistances(clip=80.0))


def test_an_array_becomes_a_file_with_steps(workspace: Workspace) -> None:
    crop = {
        "__type__": "CropArrayConfig",
        "name": "c",
        "source_array_config": zarr("raw"),
        "roi": ((8, 0), (80, 40)),
    }
    raw = {
        "__type__": "IntensitiesArrayConfig",
        "name": "i",
        "source_array_config": crop,
        "min": 10,
        "max": 200,
    }
    groups = [("mito", [3, 4]), ("any", [])]
    labels = {"__type__": "BinarizeArrayConfig", "name": "b", "groupings": groups, "background": 0}
    dataset = {
        "__type__": "RawGTDatasetConfig",
        "name": "cube",
        "weight": 3,
        "raw_config": raw,
        "gt_config": {**labels, "source_array_config": zarr("labels")},
        "mask_config": None,
        "sample_points": [(16, 24)],
    }
    split = {"__type__": "TrainValidateDataSplitConfig", "name": "s"}
    found = only(
        brought(workspace, datasplits=[{**split, "train_configs": [dataset], "validate_configs": []}])
    )
    assert found.train == (
        Dataset(
            title="cube",
            weight=3,
            raw=File(
                path="/nowhere/data.zarr",
                array="raw",
                steps=(Crop(begin=(8.0, 0.0), end=(88.0, 40.0)), FixedRange(low=10.0, high=200.0)),
            ),
            labels=File(
                path="/nowhere/data.zarr",
                array="labels",
                steps=(Binarize(groups=(Group(title="mito", ids=(3, 4)), Group(title="any"))),),
            ),
            points=((16.0, 24.0),),
        ),
    )


def test_lengths_of_an_elastic_deformation_become_voxels_of_the_data(
    workspace: Workspace, numpy_cells: Path
) -> None:
    elastic = {
        "__type__": "ElasticAugmentConfig",
        "control_point_spacing": (100, 100),
        "control_point_displacement_sigma": (10.0, 10.0),
        "rotation_interval": (0, 1.5707963267948966),
        "subsample": 4,
        "uniform_3d_rotation": False,
        "augmentation_probability": 0.5,
    }
    trainer = {**TRAINER, "augments": [elastic]}
    found = brought(workspace, datasplits=[{**SPLIT, "path": str(numpy_cells)}], trainers=[trainer])
    assert found.accounts[1].record.augments == (
        Elastic(
            probability=0.5,
            control_point_spacing=100.0,
            control_point_displacement_sigma=1.25,
            subsample=4,
            axes=("y", "x"),
        ),
        Rotate(probability=0.5, lowest=0.0, highest=90.0),
    )


@pytest.fixture
def numpy_cells(tmp_path: Path) -> Path:
    """One group of raw and labels, with voxels of 8 nm, where DaCapo looks for both."""
    for name, values in (("raw", np.zeros((24, 24), np.uint16)), ("labels", np.ones((24, 24), np.uint8))):
        for group in ("train", "test"):
            place = tmp_path / "cells" / group / name
            grid = {"axes": "yx", "voxel_size": (8.0, 8.0), "offset": (0.0, 0.0), "unit": "nm"}
            write_ome_zarr(place, values, **grid)
    return tmp_path / "cells"


def test_raw_of_16_bits_is_normalised_as_dacapo_does(workspace: Workspace, numpy_cells: Path) -> None:
    split = only(brought(workspace, datasplits=[{**SPLIT, "path": str(numpy_cells)}]))
    assert split.normalization == FixedRange(low=0.0, high=65535.0)
    assert [dataset.title for dataset in split.training()] == ["train"]


def test_data_without_groups_train_and_validate(workspace: Workspace, numpy_cells: Path) -> None:
    split = only(brought(workspace, datasplits=[{**SPLIT, "path": str(numpy_cells / "train")}]))
    assert split.train == split.validate
    assert split.train[0].mask is None


def test_a_run_begins_where_the_other_stood(workspace: Workspace) -> None:
    start = {"__type__": "StartConfig", "run": "first", "criterion": "150"}
    brought(workspace, runs=[RUN, {**RUN, "name": "second", "start_config": start}])
    assert workspace.store.read(Run, "second").start == FromRun(run="first", iteration=150)


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ({"__type__": "StartConfig", "run": "first", "criterion": "voi"}, "keeps no best weights"),
        ({"__type__": "CosemStartConfig", "run": "setup04", "criterion": "1820500"}, "no counterpart"),
    ],
)
def test_a_run_whose_start_cannot_be_told_stays_out(workspace: Workspace, start: Any, reason: str) -> None:
    found = brought(workspace, runs=[{**RUN, "start_config": start}])
    assert [reason in each.problem for each in found.accounts if each.record is None] == [True]
    assert len(found.stored.added) == 4
