"""How a layer becomes a source: by the file it was opened from, or by a copy in the workspace."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.file import File
from napari_dacapo.arrays.same_voxels import same_voxels
from napari_dacapo.datasplits.dataset import Dataset
from napari_dacapo.errors import DacapoError, UserInputError
from napari_dacapo.experiments.run import Run
from napari_dacapo.layers.saving import save_layer
from napari_dacapo.layers.shown import ShownLayer
from napari_dacapo.store.workspace import Workspace


@dataclass(frozen=True, slots=True, eq=False)
class ChosenLayer:
    """A layer, and what a person says about its axes."""

    shown: ShownLayer
    axes: str | None = None  # None: as the layer says
    time: int | None = None

    def image(self) -> Array:
        return self.shown.image(self.axes, self.time)

    def labels(self) -> Array:
        return self.shown.labels(self.axes, self.time)


@dataclass(frozen=True, slots=True)
class Kept:
    """A source, and in words what was done for it."""

    source: File
    said: str


def keep(
    workspace: Workspace, title: str, layer: ChosenLayer, array: Array, in_use: Collection[Path]
) -> Kept:
    """`array`: what is to be read of the layer. Saved under the title only where no file holds the same."""
    name = layer.shown.title
    file = file_of(layer, workspace.path)
    if file is not None:
        said = f"{name}: read from {Path(file.path).name}, which stays where it is."
        return Kept(file, f"{said}{_unheeded_size(file, array, workspace.path)}")
    source = save_layer(workspace, title, array, in_use)
    if layer.shown.path is None:
        return Kept(source, f"{name}: copied into the workspace.")
    other = Path(layer.shown.path).name
    return Kept(source, f"{name}: copied into the workspace; it is not what {other} holds.")


def files_in_use(workspace: Workspace) -> frozenset[Path]:
    """What runs were made from. A run that cannot be read cannot be trained on anything."""
    found: set[Path] = set()
    for name in workspace.store.names(Run) if workspace.is_ours() else ():
        try:
            run = workspace.store.read(Run, name)
        except DacapoError:
            continue
        for entry in run.datasplit.entries:
            found.update(_paths(entry.dataset, workspace.path))
    return frozenset(found)


def _paths(dataset: Dataset, root: Path) -> Iterator[Path]:
    for source in (dataset.raw, dataset.labels, dataset.mask):
        if source is not None:
            yield from source.paths(root)


def file_of(layer: ChosenLayer, root: Path) -> File | None:
    """The file that the layer was opened from, placed as the layer is, if it holds the same voxels.

    What is in memory may have been painted on anywhere, so all of it is compared; of what is read on
    demand a sample.
    """
    if layer.shown.path is None:
        return None
    array = layer.image()
    for axes in (None, layer.shown.letters(layer.axes)):
        try:
            file = _placed(Path(layer.shown.path), axes, layer.time or 0, array, root, layer.shown.array)
            if same_voxels(array, file.open(root), sampled=not layer.shown.is_in_memory):
                return file
        except UserInputError:  # it is of no format, or of no shape, that is read here
            continue
    return None


def _unheeded_size(file: File, array: Array, root: Path) -> str:
    """What the file alone tells of its voxels, where nobody gave the layer a scale; usually empty."""
    if array.unit != "voxel" or set(array.voxel_size) != {1.0}:
        return ""
    told = file.replace(voxel_size=None, offset=None, unit=None).open(root)
    if told.unit == "voxel":
        return ""
    size = " x ".join(f"{length:.4g}" for length in told.voxel_size)
    fix = "Set the layer's scale and units, or take the file by Add files."
    return f" Its voxels of {size} {told.unit} are not known to the layer. {fix}"


def _placed(path: Path, axes: str | None, time: int, array: Array, root: Path, within: str) -> File:
    inside = path.is_relative_to(root)
    return File(
        path=path.relative_to(root).as_posix() if inside else str(path.absolute()),
        array=within,
        axes=axes,
        time=time,
        voxel_size=array.voxel_size,
        offset=array.offset,
        unit=array.unit,
    )
