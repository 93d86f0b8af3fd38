"""How the runs of a workspace stand that no queue works on. Called in threads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from napari_dacapo.errors import DacapoError
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints
from napari_dacapo.experiments.results.comparison import best_row, mean_rows, validations_since_best
from napari_dacapo.experiments.results.history import History
from napari_dacapo.experiments.run import Run
from napari_dacapo.store.workspace import Workspace

StoredState = Literal["new", "imported", "unfinished", "finished", "unreadable"]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """What the disk tells of a run."""

    name: str
    state: StoredState
    sentence: str
    done: int = 0  # iterations
    of: int = 0
    loss: float = math.nan  # of the last iteration
    criterion: str = ""
    score: float = math.nan  # the best by that criterion
    criteria: tuple[str, ...] = ()  # all that it is judged by; that which decides comes first
    files: tuple[Any, ...] = ()  # the state of what it was read from


Stored = Mapping[str, StoredRun]


def stored_runs(workspace: Workspace, known: Stored) -> dict[str, StoredRun]:
    """Every run by its name; what did not change since `known` is not read again."""
    names = workspace.store.names(Run) if workspace.is_ours() else ()
    return {name: _stored(workspace, name, known.get(name)) for name in names}


def _stored(workspace: Workspace, name: str, known: StoredRun | None) -> StoredRun:
    folder = workspace.run_folder(name)
    try:
        run = workspace.store.read(Run, name)
        saved = Checkpoints(folder / "checkpoints", run.identity).list()
        history = History(folder)
        stamp = history.path.stat() if history.path.exists() else None
        files = (run, [each.iteration for each in saved], stamp and (stamp.st_mtime_ns, stamp.st_size))
        if known is not None and known.files == files:
            return known
        return _read(name, run, saved[-1].iteration if saved else None, history, files)
    except DacapoError as error:
        return StoredRun(name, "unreadable", str(error))


def _read(name: str, run: Run, saved: int | None, history: History, files: tuple[Any, ...]) -> StoredRun:
    record = history.read()
    decides = run.task.criteria()[0]
    best = best_row(decides, mean_rows(record.validations))
    early = run.patience is not None and validations_since_best(decides, record.validations) >= run.patience
    state, sentence = _state(saved, run.iterations, early)
    losses = record.iterations.loss
    return StoredRun(
        name,
        state,
        sentence,
        saved or 0,
        run.iterations,
        float(losses[-1]) if len(losses) else math.nan,
        decides.name,
        math.nan if best is None else best.scores[decides.name],
        tuple(criterion.name for criterion in run.task.criteria()),
        files,
    )


def _state(done: int | None, of: int, early: bool) -> tuple[StoredState, str]:
    """`done`: iterations of the newest weights; None where there are none."""
    if done is None:
        return "new", "It was not trained yet."
    if not done:
        return "imported", "It has the weights of a model and can be applied, or trained further."
    if done >= of:
        return "finished", f"All {of:,} iterations are done."
    if early:
        return "finished", f"Ended early, after {done:,} of {of:,} iterations: its score got no better."
    return "unfinished", f"It was trained to iteration {done:,} of {of:,} and can go on."
