"""What bad input gets, by the rows of the catalogue of bad input, and where each of them is tested.

For every row in here: an error of ours that names field, value and remedy in at most 300 characters, and
not a byte is changed.
"""

import ast
import math
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import tiny
import torch
from store_records import tree

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.config import Config
from napari_dacapo.errors import DacapoError, DeviceError, StoreError, UserInputError
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.starts.from_run import FromRun
from napari_dacapo.experiments.training.session import Session
from napari_dacapo.experiments.training.train import _device_error, train
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.labelled_places import LabelledPlaces
from napari_dacapo.trainers.trainer import Trainer
from napari_dacapo.trainers.trusted import trusted

Act = Callable[[Run, Path], Any]  # with a run and the workspace its data lie in


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    folder = tmp_path_factory.mktemp("bad input") / "ä b"
    folder.mkdir()
    return tiny.run(folder), folder


def record(record_type: type[Config], **fields: Any) -> Act:
    return lambda run, folder: record_type.from_json(fields)


def of_run(**fields: Any) -> Act:
    return lambda run, folder: run.replace(**fields)


def training(device: str = "cpu", **changes: Any) -> Act:
    return lambda run, folder: next(train(run.replace(**changes), tiny.run_folder(folder), device))


def without_raw(run: Run, folder: Path) -> None:
    for dataset in run.datasplit.train:  # type: ignore[attr-defined]
        elsewhere = dataset.replace(raw=dataset.raw.replace(path="moved.zarr"))
        training(datasplit=run.datasplit.replace(train=(elsewhere,)))(run, folder)


def nothing_labelled(run: Run, folder: Path) -> None:
    (dataset,) = run.datasplit.training(folder)
    read = dataset.labels.reader
    empty = replace(dataset.labels, reader=lambda slices: np.zeros_like(read(slices)))
    LabelledPlaces.find(replace(dataset, labels=empty), trusted(dataset))


def on_a_gpu(problem: str) -> Act:
    """A GPU fails while iteration 8 is computed."""

    def fail(run: Run, folder: Path) -> None:
        compute = SimpleNamespace(device=torch.device("cuda"))
        session = SimpleNamespace(compute=compute, iteration=7, saved_iteration=5)
        raise _device_error(cast(Session, session), RuntimeError(problem))

    return fail


CYCLE = FromRun(run="run")
OVERLAP = ({"kind": "ClassOverlap"},)
U, D = UserInputError, DeviceError
CASES: list[tuple[str, Act, type[DacapoError], str]] = [
    # row, what someone does, error, words of the message
    ("27", training(task=OneHot()), U, "labels is 6.*no class has this id; there are 0 background, 1 foreg"),
    ("30", nothing_labelled, U, "labels is .*0 of 64,000 voxels looked at in train are labelled.*Label some"),
    ("65 zero", record(Trainer, learning_rate=0.0), U, "learning_rate is 0.0.*greater than 0"),
    ("65 negative", record(Trainer, learning_rate=-1.0), U, "learning_rate is -1.0.*greater than 0"),
    ("65 NaN", record(Trainer, learning_rate=math.nan), U, "learning_rate is nan.*finite number"),
    ("65 text", record(Trainer, learning_rate="abc"), U, "learning_rate is 'abc'.*not a number"),
    ("66 zero", record(Trainer, batch_size=0), U, "batch_size is 0.*greater than or equal to 1"),
    ("66 a million", record(Trainer, batch_size=10**6), U, "batch_size is 1000000.*equal to 4096"),
    ("67 zero", of_run(iterations=0), U, "iterations is 0.*greater than or equal to 1"),
    ("67 negative", of_run(iterations=-1), U, "iterations is -1.*greater than or equal to 1"),
    ("67 endless", of_run(iterations=10**12), U, "iterations is 1000000000000.*equal to 1000000000"),
    ("79 kind", record(Task, kind="Afinities"), U, "kind is 'Afinities': no such Task. Did you mean Affin"),
    ("79 no kind", record(Task), U, '"kind" is missing. Known kinds of Task: Affinities'),
    ("79 word", record(UNet, padding="some"), U, "padding is 'some'.*'valid' or 'same'"),
    ("80", training(start=FromRun(run="elsewhere")), U, "start.run is 'elsewhere'.*Train it first"),
    ("81", training(start=CYCLE), U, "start.run is 'run': no run of this name was trained"),
    ("82", record(UNet, num_fmap=8), U, "num_fmap is 8: no such field. Did you mean num_fmaps?"),
    (
        "82 far",
        record(Trainer, colour=8),
        U,
        "colour is 8: no such field. Remove it. Fields: augments, batch",
    ),
    ("83 text", record(Trainer, batch_size="3"), U, "batch_size is '3'.*not a whole number"),
    ("83 yes", record(UNet, use_attention=1), U, "use_attention is 1.*valid boolean"),
    ("83 whole", record(Trainer, seed=3.0), U, "seed is 3.0.*not a whole number"),
    ("84 NaN", record(Trainer, weight_decay=math.nan), U, "weight_decay is nan.*finite number"),
    ("84 infinity", record(Trainer, clip_gradient_norm=math.inf), U, "clip_gradient_norm is inf.*finite"),
    ("88 cuda", training("cuda:7"), U, "device is 'cuda:7': this machine has no such device. Choose: cpu"),
    ("88 mps", training("mps"), U, "device is 'mps': this machine has no such device. Choose: cpu"),
    ("89", on_a_gpu("CUDA error: no kernel image is available"), D, "no kernel image.*iteration 5 is kept"),
    ("91", record(Affinities, scores=OVERLAP), U, "kind is 'ClassOverlap': no such ObjectScore.*Known: Ad"),
    ("125", without_raw, U, "datasplit.train.raw.path is .*moved.zarr': there is no such file"),
    ("147", on_a_gpu("CUDA error: device-side assert triggered"), D, "Restart this program; iteration 5"),
]


@pytest.mark.parametrize(("act", "kind", "words"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_bad_input_is_named_with_a_remedy_and_changes_nothing(
    filled: tuple[Run, Path], act: Act, kind: type[DacapoError], words: str
) -> None:
    run, folder = filled
    before = tree(folder)
    with pytest.raises(kind) as caught:
        act(run, folder)
    message = str(caught.value)
    assert re.search(".*".join(map(re.escape, words.split(".*"))), message), message
    assert len(message) <= 300
    assert tree(folder) == before


def test_row_18_a_folder_that_cannot_be_written_is_said(filled: tuple[Run, Path], tmp_path: Path) -> None:
    shutil.copytree(filled[1], tmp_path / "ws", ignore=shutil.ignore_patterns("runs"))
    (tmp_path / "ws/runs").write_text("a file, which stops even root")
    with pytest.raises(StoreError, match=r"runs/run cannot be written .* Choose another workspace"):
        training()(filled[0], tmp_path / "ws")


def test_row_90_a_seed_that_nobody_gave_is_recorded() -> None:
    assert Trainer.from_json({}).to_json()["seed"] == 0


def test_row_147_a_poisoned_device_asks_for_a_restart() -> None:
    with pytest.raises(DeviceError) as caught:
        on_a_gpu("CUDA error: unspecified launch failure")(cast(Run, None), Path())
    assert caught.value.restart_needed


# Rows that are tested under their numbers, in ids, names, or the first column of CASES
NUMBERED = (
    "test_arrays_bad_files.py",
    "test_arrays_combinations.py",
    "test_arrays_normalize.py",
    "test_arrays_steps.py",
    "test_bad_input.py",
    "test_datasplits_check.py",
    "test_datasplits_dataset.py",
    "test_datasplits_kinds.py",
    "test_experiments_weights.py",
    "test_store_bad_input.py",
)

# Rows that are tested under the name of the fact
NAMED = {
    15: "experiments_apply: not_over_the_image",
    16: "experiments_apply: not_over_what_is_not_ours",
    17: "experiments_apply: not_through_a_link_into_the_image",
    40: "arrays_bad_files: foreign_byte_and_memory_order_are_accepted",
    42: "arrays_file: axes_in_any_order_are_brought_into_one",
    50: "experiments_apply: of_other_channels",
    51: "arrays_file: every_level_begins_where_the_finest_does",
    52: "arrays_file: a_patch_of_a_huge_volume_needs_little_memory",
    55: "arrays_bad_files: bad_input_is_named_and_nothing_is_created",  # "affine"
    56: "arrays_bad_files: bad_input_is_named_and_nothing_is_created",  # "57 negative"
    58: "architectures_unet: cubic_poolings_of_long_voxels_get_a_warning",
    68: "experiments_training: a_run_that_cannot_work_writes_nothing",
    69: "arrays_steps: a_crop_cannot_be_read_beyond_its_box",
    70: "architectures_unet: what_cannot_work_is_refused_with_what_can",
    71: "architectures_unet: every_other_shape_is_refused",
    72: "architectures_unet: what_cannot_work_is_refused_with_what_can",
    73: "architectures_unet: a_bottom_of_one_voxel_is_no_wish_of_a_normalised_network",
    78: "experiments_validation: scores_that_are_all_nan_make_nothing_best",
    85: "store: what_would_not_be_read_back_equal_is_not_saved",
    86: "files: json_may_be_64_levels_deep_and_no_longer_than_the_limit",
    87: "gates: no_source_file_runs_foreign_code_or_writes_without_care",
    112: "experiments_checkpoints: each_of_300_flipped_bits_is_found",
    120: "experiments_weights: what_a_gpu_saved_opens_on_the_cpu",
    123: "experiments_checkpoint_crashes: an_error_at_any_step_of_a_save_leaves_the_old_one_and_no_rest",
    124: "experiments_checkpoint_crashes: of_30_kills_while_saving_52_megabytes_none_loses_a_checkpoint",
    129: "arrays_file: every_format_gives_the_voxels_of_a_patch",
    139: "blockwise_grid: no_two_blocks_write_one_chunk",
    140: "experiments_volume: a_disk_that_fills_up_is_told_and_with_room_it_goes_on",
    144: "experiments_volume: another_job_in_its_folder_is_refused_with_what_differs",
    145: "experiments_training: out_of_memory_halves_the_batch_and_goes_on",
    146: "experiments_training: out_of_memory_later_keeps_the_checkpoint_and_says_what_to_set",
    148: "experiments_training: ten_losses_in_a_row_that_are_not_finite_stop_at_the_last_good_checkpoint",
    149: "cli_stopping: signals_stop_and_save_and_training_goes_on_from_there",
    150: "experiments_checkpoint_crashes: a_power_cut_at_any_point_leaves_a_whole_checkpoint",
    152: "cli_stopping: signals_stop_and_save_and_training_goes_on_from_there",
    156: "experiments_volume_plan: segmented_blocks_are_no_larger_than_memory_holds_or_the_region",
    157: "cli_stopping: a_run_in_use_is_refused_and_free_again_when_its_holder_dies",
}  # fmt: skip

# Rows of the window, and of media and machines that a test cannot pull the plug of
OF_THE_WINDOW = {19, 20, 53, *range(59, 65), 151, 153, 154, 155, *range(158, 163)}


def test_every_row_of_the_engine_is_tested() -> None:
    numbered = {row for file in NUMBERED for row in _rows(file) if row}
    assert numbered.isdisjoint(NAMED)
    assert numbered | set(NAMED) == set(range(1, 163)) - OF_THE_WINDOW


@pytest.mark.parametrize("place", sorted(set(NAMED.values())))
def test_the_test_named_for_a_row_exists(place: str) -> None:
    file, name = place.split(": ")
    assert f"def test_{name}(" in (Path(__file__).parent / f"test_{file}.py").read_text()


def _rows(file: str) -> Iterator[int]:
    """The numbers that ids, names of functions and first columns begin with."""
    for node in ast.walk(ast.parse((Path(__file__).parent / file).read_text())):
        for text in _titles(node):
            if numbers := re.match(r"\d{1,3}(?:[ _]\d{1,3})*(?![\d.]|-bit)", text):
                yield from map(int, re.split("[ _]", numbers[0]))


def _titles(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef) and (found := re.search(r"row_([\d_]+)_[a-z]", node.name)):
        yield found[1]
    if isinstance(node, ast.keyword) and node.arg == "id":
        yield str(ast.literal_eval(node.value))
    if isinstance(node, ast.keyword) and node.arg == "ids" and isinstance(node.value, ast.List):
        yield from map(str, ast.literal_eval(node.value))
    if isinstance(node, ast.Assign | ast.AnnAssign) and "CASES" in ast.unparse(node).partition("=")[0]:
        table = cast(ast.List, node.value)
        yield from (str(row.elts[0].value) for row in table.elts if isinstance(row, ast.Tuple))  # type: ignore
