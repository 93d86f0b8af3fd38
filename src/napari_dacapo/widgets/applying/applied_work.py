"""What applying a run does in its thread; none of it knows the window."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dacapo.arrays.file import File
from napari_dacapo.experiments.steps import Applied, Step
from napari_dacapo.layers.seen import seen_part
from napari_dacapo.layers.shown import ShownLayer
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from napari_dacapo.arrays.array import Array
    from napari_dacapo.arrays.box import Box, Voxels
    from napari_dacapo.experiments.available_weights import Weights
    from napari_dacapo.experiments.run_folder import RunFolder
    from napari_dacapo.layers.layer import LayerData

MOST_CHARACTERS = 60  # of a folder's name


@dataclass(frozen=True, slots=True, eq=False)
class LayerSource:
    """A layer of the viewer, read where it is."""

    shown: ShownLayer
    place: Voxels  # of the sliders, for each axis of the layer
    view: Box | None  # the part of the world that is wanted; None: all
    path: Path | None  # of the file it was opened from, if it was

    @property
    def title(self) -> str:
        return self.shown.title

    @property
    def paths(self) -> tuple[Path, ...]:
        return () if self.path is None else (self.path,)

    def open(self) -> tuple[Array, Box | None]:
        """The image, and the part of it that is wanted, all where there is none."""
        axes = self.shown.letters()
        array = self.shown.image(time=self.place[axes.index("t")] if "t" in axes else None)
        return array, None if self.view is None else seen_part(array, self.view)


@dataclass(frozen=True, slots=True, eq=False)
class FileSource:
    """A file or folder, which need not be shown."""

    file: File

    @property
    def title(self) -> str:
        return Path(self.file.path).stem

    @property
    def paths(self) -> tuple[Path, ...]:
        return self.file.paths()

    def open(self) -> tuple[File, None]:
        return self.file, None


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What a person wants segmented, with what, and where it is to lie."""

    run: str
    weights: Weights
    source: LayerSource | FileSource
    output: Path
    device: str
    threads: int
    replace: bool = False  # earlier results


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What was applied, as layers."""

    applied: Applied
    layers: list[LayerData] = field(repr=False)


def trained_runs(workspace: Workspace) -> tuple[str, ...]:
    """The runs of which there are weights."""
    from napari_dacapo.experiments.available_weights import has_weights
    from napari_dacapo.experiments.run import Run

    names = workspace.store.names(Run) if workspace.is_ours() else ()
    return tuple(name for name in names if has_weights(_folder(workspace, name)))


def weights_of(workspace: Workspace, run: str) -> tuple[Weights, ...]:
    """Raises CheckpointError where nothing was trained."""
    from napari_dacapo.experiments.available_weights import available_weights

    return available_weights(_folder(workspace, run))


def free_output(workspace: Workspace, run: str, image: str) -> Path:
    """A folder of the workspace that is not there yet, named after both: `applied/task-1 cells 2`."""
    plain = re.sub(r"[^\w.+-]+", " ", f"{run} {image}")[:MOST_CHARACTERS].strip(" .") or "segmented"
    first = workspace.path / "applied" / plain
    found, number = first, 1
    while found.exists() or found.is_symlink():
        number += 1
        found = first.with_name(f"{plain} {number}")
    return found


def replaces(wish: Wish) -> bool:
    """Whether complete results lie where it is to be written; unfinished ones are gone on with.

    Raises UserInputError where it must not be.
    """
    from napari_dacapo.experiments.apply import refuse_output
    from napari_dacapo.experiments.volume import holds_results

    refuse_output(wish.output, wish.source.paths)
    return holds_results(wish.output)


def follow_applying(workspace: Workspace, wish: Wish) -> Generator[Step | Opened, None, None]:
    """Apply a run; the last of the steps are the layers. Raises what `apply` raises."""
    from napari_dacapo.experiments.apply import apply
    from napari_dacapo.experiments.compute import prepare_torch, release_memory

    prepare_torch(wish.threads)
    folder, weights = _folder(workspace, wish.run), wish.weights
    source, box = wish.source.open()
    steps = apply(
        folder,
        source,
        wish.output,
        weights.criterion,
        weights.iteration,
        device=wish.device,
        box=box,
        replace=wish.replace,
    )
    try:
        with closing(steps):
            for step in steps:
                yield step
                if isinstance(step, Applied):
                    yield Opened(step, _layers(folder, step, wish.source.title))
    finally:
        release_memory()


def _layers(folder: RunFolder, applied: Applied, title: str) -> list[LayerData]:
    from napari_dacapo.layers.results import applied_layers

    return applied_layers(folder.saved_run(), applied, title)


def _folder(workspace: Workspace, run: str) -> RunFolder:
    from napari_dacapo.experiments.run_folder import RunFolder

    return RunFolder(workspace.run_folder(run), workspace.path)
