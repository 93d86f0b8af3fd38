"""What was begun to be applied in a workspace and is not complete, so that it can be gone on with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_dacapo.arrays.box import Box, Voxels
from napari_dacapo.arrays.image_metadata import OmeVersion
from napari_dacapo.arrays.source import Source
from napari_dacapo.blockwise.coding import OutputDtype
from napari_dacapo.blockwise.ledger import Ledger, read_header
from napari_dacapo.errors import CheckpointError, DacapoError, UserInputError
from napari_dacapo.experiments.applying.volume import BLOCKS, LEDGER, PREDICTING, is_complete
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.task import Parameters

APPLIED = "applied"  # a folder of the workspace


@dataclass(frozen=True, slots=True)
class Begun:
    """An image, or a mask, that it was begun with."""

    title: str
    source: Source | None  # None: it was a layer of that name


@dataclass(frozen=True, slots=True)
class Unfinished:
    """All that `apply` needs to go on, whatever became of the run's best weights and parameters since."""

    output: Path
    run: str  # what it is called now
    image: Begun
    mask: Begun | None  # None: there is none
    box: Box
    iteration: int
    parameters: Parameters
    segmenter: str  # of a person's own; empty: there is none
    dtype: OutputDtype
    ome_version: OmeVersion
    done: int  # blocks that are predicted
    of: int


def unfinished(workspace: Workspace) -> tuple[Unfinished, ...]:
    """Those in the workspace's own folder whose run is still there, the newest first."""
    ledgers = sorted(
        (workspace.path / APPLIED).glob(f"*/{BLOCKS}/{LEDGER}"), key=lambda path: -path.stat().st_mtime
    )
    begun = [path for path in ledgers if not is_complete(path)]
    runs = _trained(workspace) if begun else {}
    return tuple(found for path in begun for found in _found(path, runs))


@dataclass(frozen=True, slots=True)
class _Applied:
    """A run that may have been applied."""

    name: str
    run: Run
    folder: RunFolder

    def weights(self, iteration: int) -> str:
        """A hash of them; empty where there are none any more."""
        with suppress(CheckpointError):
            return Checkpoints(self.folder.checkpoints, self.run.identity).weights_of(iteration)
        return ""


def _trained(workspace: Workspace) -> dict[str, list[_Applied]]:
    """By identity, which those have in common that differ in data or chance only."""
    found: defaultdict[str, list[_Applied]] = defaultdict(list)
    for name in workspace.store.names(Run) if workspace.is_ours() else ():
        folder = RunFolder(workspace.run_folder(name), workspace.path)
        with suppress(DacapoError):
            run = folder.saved_run()
            found[run.identity].append(_Applied(name, run, folder))
    return dict(found)


def _by_weights(runs: list[_Applied], job: Mapping[str, Any]) -> _Applied:
    """The run whose weights it was begun with; where they are gone, any: that is told when it goes on."""
    same = (each for each in runs if each.weights(int(job["iteration"])).startswith(job["weights"]))
    return next(same, runs[0])


def _found(path: Path, runs: Mapping[str, list[_Applied]]) -> Iterator[Unfinished]:
    """Nothing where the ledger cannot be read, or its run is gone."""
    try:
        header, ledger = read_header(path), Ledger.read(path)
        job, about = header["job"], header["about"]
        applied = _by_weights(runs[job["run"]], job)
        start, shape = (tuple(map(int, each)) for each in job["box"])
        yield Unfinished(
            output=path.parent.parent,
            run=applied.name,
            image=_begun(job["image"], about["source"]),
            mask=None if job["mask"] is None else _begun(job["mask"], about["mask"]),
            box=_box(job["image"], start, shape, applied.run.architecture.scale),
            iteration=int(job["iteration"]),
            parameters=job["parameters"],
            segmenter=job["segmenter"][0] if job["segmenter"] else "",
            dtype=job["dtype"],
            ome_version=job["ome_zarr"],
            done=len(ledger.finished(PREDICTING)),
            of=int(about["blocks"]),
        )
    except (DacapoError, UserInputError, LookupError, TypeError, ValueError):
        return


def _begun(looks: list[Any], source: Mapping[str, Any] | None) -> Begun:
    """`looks`: its name, and what else it is known by."""
    if source is None:
        return Begun(looks[0], None)
    return Begun(Path(looks[0]).stem, Source.from_json(source))


def _box(image: list[Any], start: Voxels, shape: Voxels, scale: Voxels) -> Box:
    """In the world. `image`: name, shape, voxel size and offset, one after the other."""
    dims = len(start)
    voxel_size, offset = image[-2 * dims : -dims], image[-dims:]
    begin = tuple(o + s * v for o, s, v in zip(offset, start, voxel_size, strict=True))
    sides = zip(begin, shape, scale, voxel_size, strict=True)
    return Box(begin, tuple(b + n / factor * v for b, n, factor, v in sides))
