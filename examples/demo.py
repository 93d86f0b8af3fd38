"""The main job from Python, on a generated sample: define, train, validate, look.

    python examples/demo.py
    python examples/demo.py --minutes 10 --anisotropic

Everything lies in one workspace folder. Ctrl-C stops and saves; the same command goes on from there.
"""

import argparse
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
from baseline import watersheds
from following import follow
from numpy.typing import NDArray
from pictures import draw_loss, draw_validation
from rich.console import Console
from rich.table import Table

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.normalize import ZScore
from napari_dacapo.arrays.ome_zarr import write_ome_zarr
from napari_dacapo.config import Config
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.datasplits.datasplit import DataSplit
from napari_dacapo.datasplits.listed_datasets import ListedDatasets
from napari_dacapo.errors import DacapoError
from napari_dacapo.experiments.predicting.predictions import Predictions
from napari_dacapo.experiments.results.comparison import best_row
from napari_dacapo.experiments.results.history import History
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.training.train import train
from napari_dacapo.postprocessors.mutex_watershed import MutexWatershed
from napari_dacapo.samples.labelled_image import LabelledImage
from napari_dacapo.samples.neurites import neurites, sectioned_neurites
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer

ITERATIONS_PER_MINUTE = 250  # of two processor cores
SHOWN = ("voi_sum", "adapted_rand", "f1_50", "mean_iou")

out = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What depends on the data. Shapes in voxels."""

    name: str
    generate: Callable[[Voxels, int], LabelledImage]
    training_shape: Voxels
    validation_shape: Voxels
    architecture: Architecture
    task: Task


BLOCK = Plan(
    name="neurites",
    generate=neurites,
    training_shape=(128, 128, 128),
    validation_shape=(80, 80, 80),
    architecture=UNet(
        input_shape=(40, 40, 40),
        eval_shape_increase=(56, 56, 56),
        num_fmaps=8,
        fmaps_out=8,
        downsample_factors=((2, 2, 2),),
        normalization="group",
    ),
    task=Affinities(
        neighborhood=(
            *((1, 0, 0), (0, 1, 0), (0, 0, 1)),
            *((3, 0, 0), (0, 3, 0), (0, 0, 3)),
            *((6, 0, 0), (0, 6, 0), (0, 0, 6)),
        ),
        postprocessor=MutexWatershed(bias=(0.4, 0.45, 0.5, 0.6), foreground=(0.0,), min_size=(200,)),
    ),
)

SECTIONS = Plan(
    name="sections",
    generate=sectioned_neurites,
    training_shape=(40, 160, 160),
    validation_shape=(24, 128, 128),
    architecture=UNet(
        input_shape=(12, 52, 52),
        eval_shape_increase=(12, 64, 64),
        num_fmaps=8,
        fmaps_out=8,
        downsample_factors=((1, 2, 2),),
        kernel_size_down=(((1, 3, 3), (1, 3, 3)), ((3, 3, 3), (3, 3, 3))),
        kernel_size_up=(((1, 3, 3), (3, 3, 3)),),
        normalization="group",
    ),
    task=Affinities(
        neighborhood=(
            *((1, 0, 0), (0, 1, 0), (0, 0, 1)),
            *((2, 0, 0), (0, 3, 0), (0, 0, 3)),
            *((0, 6, 0), (0, 0, 6)),
        ),
        postprocessor=MutexWatershed(bias=(0.4, 0.45, 0.5, 0.6), foreground=(0.0,), min_size=(200,)),
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train a network on a generated sample and look at it.")
    parser.add_argument("--workspace", type=Path, default=Path("demo-workspace"), help="the folder for all")
    parser.add_argument("--minutes", type=float, default=3.0, help="of training, on two processor cores")
    parser.add_argument("--anisotropic", action="store_true", help="serial sections instead of a block")
    options = parser.parse_args()
    plan = SECTIONS if options.anisotropic else BLOCK
    try:
        demo(Workspace(options.workspace), plan, max(3, round(options.minutes * ITERATIONS_PER_MINUTE)))
    except KeyboardInterrupt:
        out.print("Stopped and saved; the same command goes on from here.")
        raise SystemExit(130) from None
    except DacapoError as error:
        raise SystemExit(str(error)) from None


def demo(workspace: Workspace, plan: Plan, iterations: int) -> None:
    run = define(workspace, plan, iterations)
    folder = RunFolder(workspace.run_folder(plan.name), workspace.path)
    with closing(train(run, folder)) as steps:
        follow(steps, out)
    report(plan.name, run, folder)
    out.print("\nThe same from the command line:")
    for rest in ("list", f"scores {plan.name}", f"train {plan.name} --iterations {2 * iterations}"):
        out.print(f"  napari-dacapo -w {quote(str(workspace.path))} {rest}", soft_wrap=True)


def define(workspace: Workspace, plan: Plan, iterations: int) -> Run:
    """The four components and the run made of them, each stored under a name."""
    datasplit = ListedDatasets(
        normalization=ZScore(),
        train=(dataset(workspace, plan, "training", plan.training_shape, seed=1),),
        validate=(dataset(workspace, plan, "validation", plan.validation_shape, seed=2),),
    )
    trainer = Trainer(optimizer="AdamW", learning_rate=1e-2, warmup_iterations=20, schedule="cosine")
    run = Run(
        datasplit=datasplit,
        architecture=plan.architecture,
        task=plan.task,
        trainer=trainer,
        iterations=iterations,
        validation_interval=-(-iterations // 3),
    )
    parts: dict[type[Any], Config] = {
        DataSplit: datasplit,
        Architecture: plan.architecture,
        Task: plan.task,
        Trainer: trainer,
    }
    for family, part in parts.items():
        workspace.store.save(family, plan.name, part)
    made_from = {family.__name__.lower(): plan.name for family in parts}
    workspace.store.save(Run, plan.name, run, overwrite=True, made_from=made_from)  # longer than before
    return run


def dataset(workspace: Workspace, plan: Plan, title: str, shape: Voxels, seed: int) -> Dataset:
    """Raw and labels as OME-Zarr in the workspace, generated unless they are there."""
    paths = {part: f"data/{plan.name}-{title}-{part}.zarr" for part in ("raw", "labels")}
    if missing := [part for part, path in paths.items() if not (workspace.path / path).exists()]:
        out.print(f"generating {title} data of {' x '.join(map(str, shape))} voxels")
        sample = plan.generate(shape, seed)
        for part in missing:
            write_ome_zarr(
                workspace.path / paths[part],
                getattr(sample, part),
                axes=sample.axes,
                voxel_size=sample.voxel_size,
                offset=(0.0, 0.0, 0.0),
                unit=sample.unit,
            )
    return Dataset(title=title, raw=File(path=paths["raw"]), labels=File(path=paths["labels"]))


def report(name: str, run: Run, folder: RunFolder) -> None:
    """Print the best scores of each validation beside those without learning; draw pictures."""
    history = History(folder.path).read()
    decides = run.task.criteria()[0]
    best = best_row(decides, history.validations)
    if best is None:
        raise SystemExit("No validation gave a score; train longer.")
    (opened,) = run.datasplit.validation(folder.root)
    raw, truth = whole(opened.plain_raw or opened.raw), whole(opened.labels)

    table = Table("iteration", "bias", *SHOWN, title="scores on the validation data")
    known = np.ones(truth.shape, np.bool_)
    unlearned = (run.task.score(found, truth, known) for found in watersheds(raw, opened.raw.voxel_size))
    watershed = min(unlearned, key=lambda scores: scores[decides.name])
    table.add_row("a watershed, no network", "", *(f"{watershed[score]:.3f}" for score in SHOWN))
    for iteration in sorted({row.iteration for row in history.validations}):
        row = best_row(decides, [each for each in history.validations if each.iteration == iteration])
        if row is not None:
            cells = (str(iteration), str(row.parameters["bias"]), *(f"{row.scores[s]:.3f}" for s in SHOWN))
            table.add_row(*cells, style="bold" if row is best else None)
    out.print(table)

    pictures = folder.root / "pictures"
    pictures.mkdir(exist_ok=True)
    draw_loss(pictures / f"{name}-loss.png", history.iterations)
    stored = Predictions(folder.validation).at(best.iteration, best.dataset).absolute()
    found = (File(path=str(stored / f"{part}.zarr")).open(Path()) for part in ("prediction", "segmentation"))
    draw_validation(pictures / f"{name}-validation.png", raw, truth, *map(whole, found))
    out.print(f"pictures are in {pictures}")


def whole(array: Array) -> NDArray[Any]:
    """Every voxel."""
    return array.read((0,) * array.dims, array.spatial_shape)


if __name__ == "__main__":
    main()
