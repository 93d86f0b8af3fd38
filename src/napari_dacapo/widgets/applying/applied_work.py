"""What the page does beside the window to apply a run; none of it knows the window."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dacapo.arrays.source import Source
from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.clusters.this_machine import ThisMachine
from napari_dacapo.experiments.applying.apply_options import ApplyOptions
from napari_dacapo.experiments.steps import Applied, Step
from napari_dacapo.layers.keeping import ChosenLayer, file_of
from napari_dacapo.layers.seen import seen_part
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from napari_dacapo.arrays.array import Array
    from napari_dacapo.arrays.box import Box
    from napari_dacapo.experiments.applying.estimate import Estimate, Pace
    from napari_dacapo.experiments.applying.unfinished import Unfinished
    from napari_dacapo.experiments.applying.volume import Volume
    from napari_dacapo.experiments.applying.wanted import Wanted
    from napari_dacapo.experiments.predicting.available_weights import Weights
    from napari_dacapo.experiments.run_folder import RunFolder
    from napari_dacapo.layers.layer import LayerData
    from napari_dacapo.tasks.task import Parameters

    Found = tuple[Source | Array, Box | None]  # an image, and the part of it that is wanted; None: all

MOST_CHARACTERS = 60  # of a folder's name


@dataclass(frozen=True, slots=True, eq=False)
class LayerSource:
    """A layer of the viewer, read where it is."""

    layer: ChosenLayer
    box: Box | None = None  # the part that is wanted; None: all
    view: Box | None = None  # or that which is on the screen, with all axes of the viewer

    @property
    def title(self) -> str:
        return self.layer.shown.title

    @property
    def paths(self) -> tuple[Path, ...]:
        path = self.layer.shown.path
        return () if path is None else (Path(path),)

    def open(self) -> Found:
        array = self.layer.image()
        return array, self.box if self.view is None else seen_part(array, self.view)

    def found(self, root: Path) -> Found:
        """The file that the layer shows, where it is what the file holds: then it is gone on with
        without the layer, too.
        """
        image, box = self.open()
        return file_of(self.layer, root) or image, box


@dataclass(frozen=True, slots=True, eq=False)
class FileSource:
    """A file or folder, which need not be shown."""

    source: Source
    title: str
    box: Box | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        return self.source.paths(Path())

    def open(self) -> Found:
        return self.source, self.box

    def found(self, root: Path) -> Found:
        return self.source, self.box


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What a person wants segmented, with what, and where it is to lie."""

    run: str
    weights: Weights
    source: LayerSource | FileSource
    output: Path
    device: str
    threads: int
    mask: LayerSource | FileSource | None = None  # everywhere
    options: ApplyOptions = field(default_factory=ApplyOptions)
    parameters: Parameters | None = None  # the best there are
    replace: bool = False  # earlier results
    cluster: Cluster = field(default_factory=ThisMachine)

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Files and folders that are read."""
        return self.source.paths + (() if self.mask is None else self.mask.paths)


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What was applied, as layers."""

    applied: Applied
    layers: list[LayerData] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """What a wish takes, and what should be known of it."""

    estimate: Estimate
    notices: tuple[str, ...]


def trained_runs(workspace: Workspace) -> tuple[str, ...]:
    """The runs of which there are weights."""
    from napari_dacapo.experiments.predicting.available_weights import has_weights
    from napari_dacapo.experiments.run import Run

    names = workspace.store.names(Run) if workspace.is_ours() else ()
    return tuple(name for name in names if has_weights(run_folder(workspace, name)))


def weights_of(workspace: Workspace, run: str) -> tuple[Weights, ...]:
    """Raises CheckpointError where nothing was trained."""
    from napari_dacapo.experiments.predicting.available_weights import available_weights

    return available_weights(run_folder(workspace, run))


def unfinished_in(workspace: Workspace) -> tuple[Unfinished, ...]:
    """What was begun there and is not complete, the newest first."""
    from napari_dacapo.experiments.applying.unfinished import unfinished

    return unfinished(workspace)


def free_output(workspace: Workspace, run: str, image: str) -> Path:
    """A folder of the workspace that is not there yet, named after both: `applied/task-1 cells 2`."""
    from napari_dacapo.experiments.applying.unfinished import APPLIED

    plain = re.sub(r"[^\w.+-]+", " ", f"{run} {image}")[:MOST_CHARACTERS].strip(" .") or "segmented"
    first = workspace.path / APPLIED / plain
    found, number = first, 1
    while found.exists() or found.is_symlink():
        number += 1
        found = first.with_name(f"{plain} {number}")
    return found


def replaces(wish: Wish) -> bool:
    """Whether complete results lie where it is to be written; unfinished ones are gone on with.

    Raises UserInputError where it must not be.
    """
    from napari_dacapo.experiments.applying.apply import refuse_output
    from napari_dacapo.experiments.applying.volume import holds_results

    refuse_output(wish.output, wish.inputs)
    return holds_results(wish.output)


def told(workspace: Workspace, wish: Wish) -> Told:
    """From sizes alone. Raises what `apply` raises before it begins."""
    from napari_dacapo.experiments.applying.estimate import estimate

    volume, notices = _prepared(workspace, wish)
    return Told(estimate(volume), notices)


def pace_of(workspace: Workspace, wish: Wish) -> Pace:
    """Of one block, measured."""
    from napari_dacapo.experiments.applying.estimate import measure_pace
    from napari_dacapo.experiments.compute import release_memory

    try:
        return measure_pace(_prepared(workspace, wish)[0])
    finally:
        release_memory()


def follow_applying(workspace: Workspace, wish: Wish) -> Generator[Step | Opened, None, None]:
    """Apply a run; the last of the steps are the layers. Raises what `apply` raises."""
    from napari_dacapo.experiments.applying.apply import apply
    from napari_dacapo.experiments.compute import prepare_torch, release_memory

    prepare_torch(wish.threads)
    wanted = _wanted(workspace, wish, lambda source: source.found(workspace.path))
    steps = apply(wanted, wish.cluster, wish.replace)
    try:
        with closing(steps):
            for step in steps:
                yield step
                if isinstance(step, Applied):
                    yield Opened(step, _layers(wanted.folder, step, wish.source.title))
    finally:
        release_memory()


def run_folder(workspace: Workspace, run: str) -> RunFolder:
    from napari_dacapo.experiments.run_folder import RunFolder

    return RunFolder(workspace.run_folder(run), workspace.path)


def _prepared(workspace: Workspace, wish: Wish) -> tuple[Volume, tuple[str, ...]]:
    from napari_dacapo.experiments.applying.apply import prepare
    from napari_dacapo.experiments.compute import prepare_torch

    prepare_torch(wish.threads)
    preparing = prepare(_wanted(workspace, wish, lambda source: source.open()))
    notices = []
    while True:
        try:
            notices.append(next(preparing).text)
        except StopIteration as over:
            return over.value, tuple(notices)


def _wanted(workspace: Workspace, wish: Wish, opened: Callable[[LayerSource | FileSource], Found]) -> Wanted:
    from napari_dacapo.experiments.applying.wanted import Wanted

    source, box = opened(wish.source)
    mask, _ = (None, None) if wish.mask is None else opened(wish.mask)
    return Wanted(
        run_folder(workspace, wish.run),
        source,
        wish.output,
        criterion=wish.weights.criterion,
        iteration=wish.weights.iteration,
        parameters=wish.parameters,
        device=wish.device,
        box=box,
        dtype=wish.options.stored_as,
        mask=mask,
        segmenter=wish.options.segmenter,
        ome_version=wish.options.ome_zarr,
        only_predict=wish.options.only_predict,
    )


def _layers(folder: RunFolder, applied: Applied, title: str) -> list[LayerData]:
    from napari_dacapo.layers.results import applied_layers

    return applied_layers(folder.saved_run(), applied, title)
