"""What was begun to be applied in a workspace and is not complete, so that it can be gone on with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_dacapo.arrays.box import Box, Voxels
from napari_dacapo.arrays.source import Source
from napari_dacapo.blockwise.coding import OutputDtype
from napari_dacapo.blockwise.grid import block_count
from napari_dacapo.blockwise.ledger import Ledger, read_header
from napari_dacapo.errors import DacapoError, UserInputError
from napari_dacapo.experiments.applying.volume import BLOCKS, LEDGER, PREDICTING, is_complete
from napari_dacapo.experiments.applying.volume_plan import VolumePlan
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.store.workspace import Workspace
from napari_dacapo.tasks.task import Parameters

APPLIED = "applied"  # a folder of the workspace
USUAL = {"mask": None, "segmenter": None, "ome_zarr": "0.5"}  # of a job; others go on as they were begun


@dataclass(frozen=True, slots=True)
class Unfinished:
    """All that `apply` needs to go on, whatever became of the run's best weights and parameters since."""

    output: Path
    run: str  # what it is called now
    image: str
    source: Source | None  # None: it was a layer
    box: Box
    iteration: int
    parameters: Parameters
    dtype: OutputDtype
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


def _trained(workspace: Workspace) -> dict[str, tuple[str, Run]]:
    """Name and run by identity."""
    found = {}
    for name in workspace.store.names(Run) if workspace.is_ours() else ():
        try:
            run = RunFolder(workspace.run_folder(name), workspace.path).saved_run()
        except DacapoError:
            continue
        found[run.identity] = (name, run)
    return found


def _found(path: Path, runs: Mapping[str, tuple[str, Run]]) -> Iterator[Unfinished]:
    """Nothing where the ledger cannot be read, its run is gone, or it was begun in an unusual way."""
    try:
        header, ledger = read_header(path), Ledger.read(path)
        job, about = header["job"], header.get("about", {})
        if any(job.get(name, usual) != usual for name, usual in USUAL.items()):
            return
        name, run = runs[job["run"]]
        start, shape = (tuple(map(int, each)) for each in job["box"])
        source = about.get("source")
        yield Unfinished(
            output=path.parent.parent,
            run=name,
            image=Path(job["image"][0]).stem,
            source=None if source is None else Source.from_json(source),
            box=_box(job["image"], start, shape, run.architecture.scale),
            iteration=int(job["iteration"]),
            parameters=job["parameters"],
            dtype=job["dtype"],
            done=len(ledger.finished(PREDICTING)),
            of=block_count(shape, VolumePlan.from_json(ledger.plan).block),
        )
    except (DacapoError, UserInputError, LookupError, TypeError, ValueError):
        return


def _box(image: list[Any], start: Voxels, shape: Voxels, scale: Voxels) -> Box:
    """In the world. `image`: name, shape, voxel size and offset, one after the other."""
    dims = len(start)
    voxel_size, offset = image[-2 * dims : -dims], image[-dims:]
    begin = tuple(o + s * v for o, s, v in zip(offset, start, voxel_size, strict=True))
    sides = zip(begin, shape, scale, voxel_size, strict=True)
    return Box(begin, tuple(b + n / factor * v for b, n, factor, v in sides))
