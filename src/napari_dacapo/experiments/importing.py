"""A model of bioimage.io as a run that is trained already."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dacapo.architectures.bioimageio_file import BioimageioFile, read_bioimageio
from napari_dacapo.architectures.bioimageio_model import BioimageioModel
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import FixedRange, MinMax, Percentile, ZScore
from napari_dacapo.arrays.step import Normalization
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.errors import UserInputError
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints, State
from napari_dacapo.experiments.network import build_network
from napari_dacapo.experiments.results.parameters import choose_parameters, refuse_other_parameters
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Notice
from napari_dacapo.files import replaced_folder
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer

if TYPE_CHECKING:
    from torch import nn

BETWEEN = ("ensure_dtype", "clip", "binarize")  # of what is done on an image, what changes no level of it
PATCH = 128  # voxels along each axis of a first patch, in 2D four times as many


def import_model(
    workspace: Workspace,
    name: str,
    path: Path,
    task: Task | None = None,
    datasplit: DataSplit | None = None,
    trainer: Trainer | None = None,
    trusted: bool = False,
) -> Generator[Notice, None, Run]:
    """Save the model as the run of that name, which can be applied at once.

    Without a task it is applied with the parameters of the run that was exported. All is saved after the
    last step: who closes it leaves everything as it was, and so does whatever fails. Raises what
    `run_of_model` raises, and UserInputError where another run has the name, or that run has weights.
    """
    yield Notice("Reads the model …")
    run = run_of_model(path, task, datasplit, trainer, trusted, workspace.path)
    yield Notice("Builds the network …")
    file = read_bioimageio(path)
    parameters = {} if task else file.own.get("parameters", {})
    if parameters:
        refuse_other_parameters(run.task, parameters)
    state = _untrained(run, file.input_channels)
    folder = RunFolder(workspace.run_folder(name), workspace.path)
    yield Notice("Saves the run …")
    with folder.alone():
        if Checkpoints(folder.checkpoints, run.identity).iterations():
            raise UserInputError("name", name, "a run with weights has it", "Choose another name")
        with replaced_folder(folder.path) as path:
            made = RunFolder(path, workspace.path)
            made.save_run(run)
            if parameters:
                choose_parameters(made, parameters)
            Checkpoints(made.checkpoints, run.identity).save(state, ("imported",))
            workspace.store.save(Run, name, run)  # last: what fails before it leaves no run behind
    return run


def run_of_model(
    path: Path,
    task: Task | None = None,
    datasplit: DataSplit | None = None,
    trainer: Trainer | None = None,
    trusted: bool = False,
    root: Path = Path(),
) -> Run:
    """A run whose network is the model's, and whose prediction is the model's output.

    Without a task, that of the run which was exported. Its data are those of the datasplit, in which it can
    be trained further; without one, intensities are brought to what the model was trained on as the package
    says. Relative paths in it start at `root`. Raises UserInputError where the model and the task do not
    fit, or where the package does on images what has no counterpart here.
    """
    file = read_bioimageio(path)
    wanted = task or task_of(file)
    if wanted is None:
        problem = "it does not say what its channels mean: no run of napari-dacapo was exported to it"
        raise UserInputError("model", str(path), problem, "Choose a task")
    refuse_misfit(file, wanted)
    architecture = BioimageioModel(path=str(path.absolute()), trusted=trusted, input_shape=file.smallest)
    return Run(
        datasplit=datasplit or _no_data(path, normalization_of(_preprocessing(file))),
        architecture=architecture.replace(input_shape=_patch(architecture, datasplit, root)),
        task=wanted,
        trainer=trainer or Trainer(),
    )


def task_of(file: BioimageioFile) -> Task | None:
    """That of the run which was exported; None where the package is of another program."""
    return Task.from_json(file.own["task"]) if "task" in file.own else None


def refuse_misfit(file: BioimageioFile, task: Task) -> None:
    """Raises UserInputError where the model's output is not what the task predicts."""
    names = task.channel_names(file.dims)
    if len(names) != len(file.output_channels):
        problem = f"the model gives {', '.join(file.output_channels)}; the task has {', '.join(names)}"
        fix = f"Choose a task of {len(file.output_channels)} channels in this order"
        raise UserInputError("task", type(task).__name__, problem, fix)
    ids = [step.id for step in file.description.outputs[0].postprocessing]
    done = next((each for each in ids if each in ("sigmoid", "softmax", "clip")), "")
    if done != task.activation:
        made = f"made by {done}" if done else "used as it is"
        problem = f"its output is {made}, the task makes a prediction by {task.activation}"
        fix = "Choose another task, or train one on its output: architecture BioimageioModel"
        raise UserInputError("model", str(file.description.name), problem, fix)


def normalization_of(preprocessing: Sequence[Any]) -> Normalization:
    """What a package does on an image, as ours. Raises UserInputError where there is no such here."""
    steps = [step for step in preprocessing if step.id not in BETWEEN]
    match [step.id for step in steps]:
        case ["scale_range"]:
            low, high = steps[0].kwargs.min_percentile, steps[0].kwargs.max_percentile
            return MinMax() if (low, high) == (0, 100) else Percentile(low=float(low), high=float(high))
        case ["zero_mean_unit_variance"]:
            return ZScore()
        case ["scale_linear"] if isinstance(steps[0].kwargs.gain, float):
            gain, offset = steps[0].kwargs.gain, steps[0].kwargs.offset
            return FixedRange(low=-offset / gain, high=(1 - offset) / gain)
        case [] if any(step.id == "clip" for step in preprocessing):
            return FixedRange(low=0.0, high=1.0)
    found = ", ".join(step.id for step in steps) or "nothing"
    fix = "Give a datasplit whose normalization suits the model"
    raise UserInputError("model", found, "what it does on images has no counterpart here", fix)


def _untrained(run: Run, input_channels: int) -> State:
    """Before the first iteration: it can be applied, and training goes on from it."""
    import torch

    network = build_network(run, input_channels)
    _hand_on(network.get_submodule("head"))
    return State(
        iteration=0,
        weights=network.state_dict(),
        optimizer=run.trainer.build_optimizer(network.parameters()).state_dict(),
        rng={"torch": torch.get_rng_state()},
        extra={
            "size": {"batch_size": run.trainer.batch_size, "input_shape": list(run.architecture.input_patch)},
            "skipped": 0,
            "network_file": run.architecture.file_hash(),
            "input_channels": input_channels,
            "channel_names": list(run.task.channel_names(run.architecture.dims)),
        },
    )


def _preprocessing(file: BioimageioFile) -> Sequence[Any]:
    found: Sequence[Any] = file.description.inputs[0].preprocessing
    return found


def _patch(architecture: BioimageioModel, datasplit: DataSplit | None, root: Path) -> Voxels:
    """One whose output fits into the labelled part of every dataset, where that is told."""
    wish = (PATCH if architecture.dims == 3 else 4 * PATCH,) * architecture.dims
    for dataset in () if datasplit is None else datasplit.training(root):
        sides = zip(wish, dataset.region.size, dataset.raw.voxel_size, architecture.shrinks_by, strict=True)
        wish = tuple(min(n, int(size / voxel) + lost) for n, size, voxel, lost in sides)
    strides = zip(wish, architecture.stride, strict=True)  # the nearest may be larger by half of one
    return architecture.nearest_input_shape(tuple(n - by // 2 for n, by in strides))


def _no_data(path: Path, normalization: Normalization) -> DataSplit:
    """The package itself stands where data should: who trains further chooses some."""
    image = File(path=str(path.absolute()))
    return ListedDatasets(
        normalization=normalization,
        train=(Dataset(title="choose data to train on", raw=image, labels=image),),
        validate=(),
    )


def _hand_on(head: nn.Module) -> None:
    """Each channel as it is."""
    import torch

    with torch.no_grad():
        weight, bias = head.get_parameter("weight"), head.get_parameter("bias")
        weight.zero_()
        middle = tuple(size // 2 for size in weight.shape[2:])
        for channel in range(len(weight)):
            weight[(channel, channel, *middle)] = 1
        bias.zero_()
