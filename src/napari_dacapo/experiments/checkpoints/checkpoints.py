"""The checkpoints of one run."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dacapo.errors import CheckpointError
from napari_dacapo.experiments.checkpoints.checkpoint_folder import (
    CheckpointFolder,
    DamagedCheckpointError,
    Manifest,
    Member,
    sealed,
    unsealed,
)
from napari_dacapo.experiments.checkpoints.tensor_tree import decode, encode, flatten, unflatten
from napari_dacapo.files import TEMPORARY, atomic_write

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

KEPT_LAST = 3  # unless a person wants more
KEPT_EVERY = 10
MOST_MILESTONES = 20  # of weeks there would be thousands otherwise
LARGEST_RATIO = 4  # a member may have this many times the bytes of the network's weights
SLACK = 1 << 20  # bytes of headers and random states, which do not grow with the network


@dataclass(frozen=True, slots=True)
class State:
    """Everything training goes on from; loaded tensors are on the CPU."""

    iteration: int  # training steps done
    weights: dict[str, torch.Tensor]  # the state_dict that is judged and applied
    optimizer: dict[str, Any]  # its state_dict
    rng: dict[str, Any]  # states of random generators: tensors, or lists of them
    extra: dict[str, Any]  # JSON values
    scaler: dict[str, Any] | None = None  # the gradient scaler's state_dict
    trained: dict[str, torch.Tensor] | None = None  # the network's own, where `weights` are a running mean


@dataclass(frozen=True, slots=True)
class Loaded:
    """A state, and what a person should know about how it was found."""

    state: State
    note: str  # empty where all is well


@dataclass(frozen=True, slots=True)
class Entry:
    """A checkpoint that lies in the folder."""

    iteration: int
    reasons: tuple[str, ...]  # why it was saved, and "best <criterion>" where it is
    length: int  # bytes of its tensors


@dataclass(frozen=True, slots=True)
class Best:
    """The best iteration by a criterion."""

    iteration: int
    score: float


class Checkpoints:
    """The checkpoints in a run's folder, of one network and task.

    One process writes, others may read. A save that fails or is killed changes no earlier checkpoint.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder = folder
        self.identity = identity
        self.kept_last = KEPT_LAST

    def list(self) -> tuple[Entry, ...]:
        """Every checkpoint whose manifest can be read, the earliest first."""
        best = self._known_best()
        entries = []
        for folder in self._folders():
            with suppress(CheckpointError):
                entries.append(_entry(folder.manifest(), best))
        return tuple(entries)

    def iterations(self) -> tuple[int, ...]:
        """Of every checkpoint, also of those whose manifest cannot be read, the earliest first."""
        return tuple(folder.iteration for folder in self._folders())

    def save(self, state: State, reasons: Iterable[str] = ()) -> Path:
        """Write the state and return its folder; saving an iteration again replaces it.

        Raises DiskFullError where less than twice the room it needs is free, and CheckpointError where
        it cannot be written; what was there before stays in both cases.
        """
        self._sweep()
        parts = {"optimizer": state.optimizer, "rng": state.rng, "extra": state.extra, "scaler": state.scaler}
        if state.trained is not None:
            parts["trained"] = state.trained
        tree, tensors = flatten(parts)
        contents = {"weights": encode(state.weights), "training": encode(tensors)}
        manifest = Manifest(
            identity=self.identity,
            iteration=state.iteration,
            number=self._number(state.iteration),
            reasons=tuple(reasons),
            weights=Member.of(contents["weights"]),
            training=Member.of(contents["training"]),
            state=tree,
        )
        folder = self._at(state.iteration)
        folder.write(manifest, contents)
        log.info("Saved iteration %d in %s", state.iteration, folder.path)
        return folder.path

    def load(self, iteration: int | None = None, expected_bytes: int | None = None) -> Loaded:
        """The newest whole checkpoint, or the one of that iteration.

        A damaged one is passed over for the one before, and the note says what is lost. Those of another
        network or task are refused, and so are those of more than four times `expected_bytes`, the
        bytes of the network's weights. Raises CheckpointError.
        """
        if iteration is not None:
            return Loaded(self._read(self._existing(iteration), expected_bytes), "")
        damaged: list[DamagedCheckpointError] = []
        newest = 0
        for folder in reversed(self._folders()):
            newest = max(newest, folder.iteration)
            try:
                state = self._read(folder, expected_bytes)
            except DamagedCheckpointError as error:
                damaged.append(error)
                continue
            return Loaded(state, _note(damaged, newest, state.iteration))
        if damaged:
            raise CheckpointError(f"Every checkpoint in {self.folder} is damaged. {damaged[0]} Train anew.")
        raise CheckpointError(f"No checkpoint lies in {self.folder}. Train the run first.")

    def weights_of(self, iteration: int) -> str:
        """A hash of them. Raises CheckpointError where there are none."""
        return self._existing(iteration).manifest().weights.sha256

    def load_best(self, criterion: str) -> Loaded:
        """The checkpoint that is best by that criterion. Raises CheckpointError where there is none."""
        best = self.best()
        if criterion not in best:
            known = ", ".join(best) or "none yet; validate the run"
            raise CheckpointError(f"Nothing is best by {criterion!r:.80} in {self.folder}. Known: {known}.")
        return self.load(best[criterion].iteration)

    def best(self) -> dict[str, Best]:
        """The best iteration by each criterion. Raises DamagedCheckpointError where that cannot be read."""
        if not self._best_file.exists():
            return {}
        try:
            document = unsealed(self._best_file.read_bytes())
            return {name: Best(int(i), float(score)) for name, (i, score) in document.items()}
        except (DamagedCheckpointError, OSError, TypeError, ValueError) as error:
            raise DamagedCheckpointError(
                f"{self._best_file} is damaged. Choose a checkpoint by its iteration."
            ) from error

    def best_iterations(self) -> frozenset[int]:
        return frozenset(best.iteration for best in self.best().values())

    def mark_best(self, criterion: str, iteration: int, score: float) -> None:
        """Keep a saved iteration as the best by that criterion, in place of another one."""
        if not math.isfinite(score):
            raise CheckpointError(f"A score of {score} cannot be the best by {criterion!r:.80}.")
        self._existing(iteration)
        known = self._known_best()
        if known.get(criterion) != Best(iteration, score):
            self._write_best({**known, criterion: Best(iteration, score)})

    def rotate(self) -> None:
        """Delete all but the last ones, the best and every tenth; what cannot be read stays.

        Of more than twenty that would be kept as tenths every other goes: every 20th stays then, every 40th
        and so on. Nothing is deleted unless one of those that stay is whole.
        """
        try:
            best = self.best_iterations()
        except DamagedCheckpointError:
            return
        complete = [folder for folder in self._folders() if folder.is_complete()]
        last, early = complete[-self.kept_last :], complete[: -self.kept_last]
        every = _milestones_every(max((folder.manifest().number for folder in last), default=0))
        spare = [f for f in early if f.iteration not in best and f.manifest().number % every]
        if spare and any(folder.is_whole() for folder in reversed(last)):
            for folder in spare:
                folder.remove()

    def forget_after(self, iteration: int) -> None:
        """Delete the checkpoints and the marks of the best that lie after an iteration, and damaged marks."""
        kept = {name: best for name, best in self._known_best().items() if best.iteration <= iteration}
        if not self._is_marked(kept):
            self._write_best(kept)
        for folder in self._folders():
            if folder.iteration > iteration:
                folder.remove()

    @property
    def _best_file(self) -> Path:
        return self.folder / "best.json"

    def _known_best(self) -> dict[str, Best]:
        try:
            return self.best()
        except DamagedCheckpointError:
            return {}

    def _is_marked(self, best: dict[str, Best]) -> bool:
        """Whether the file says exactly that."""
        try:
            return self.best() == best
        except DamagedCheckpointError:
            return False

    def _write_best(self, best: dict[str, Best]) -> None:
        document = {name: [each.iteration, each.score] for name, each in best.items()}
        atomic_write(self._best_file, sealed(document))

    def _at(self, iteration: int) -> CheckpointFolder:
        return CheckpointFolder(self.folder / f"{iteration:09d}")

    def _existing(self, iteration: int) -> CheckpointFolder:
        folder = self._at(iteration)
        if folder.exists():
            return folder
        known = ", ".join(f"{each.iteration:,}" for each in self._folders()[-10:]) or "none"
        raise CheckpointError(f"No checkpoint of iteration {iteration:,} in {self.folder}, only: {known}.")

    def _subfolders(self) -> tuple[CheckpointFolder, ...]:
        """Those of our naming, the earliest first, whether or not they hold a checkpoint."""
        if not self.folder.is_dir():
            return ()
        named = (path for path in self.folder.iterdir() if re.fullmatch("[0-9]{9,10}", path.name))
        return tuple(sorted(map(CheckpointFolder, named), key=lambda folder: folder.iteration))

    def _folders(self) -> tuple[CheckpointFolder, ...]:
        return tuple(folder for folder in self._subfolders() if folder.exists())

    def _sweep(self) -> None:
        """Delete what a killed process left behind."""
        for folder in self._subfolders():
            folder.sweep()
        for temporary in self.folder.glob(f"{TEMPORARY}*"):
            temporary.unlink(missing_ok=True)

    def _number(self, iteration: int) -> int:
        """One more than any before; an iteration that is saved again keeps its number."""
        numbers = {0: 0}
        for folder in self._folders():
            with suppress(CheckpointError):
                numbers[folder.iteration] = folder.manifest().number
        return numbers.get(iteration) or max(numbers.values()) + 1

    def _read(self, folder: CheckpointFolder, expected_bytes: int | None) -> State:
        manifest = folder.manifest()
        if manifest.identity != self.identity:
            raise CheckpointError(
                f"{folder.path} belongs to another network or task. "
                "To train on from its weights, make a new run that starts from them."
            )
        at_most = None if expected_bytes is None else LARGEST_RATIO * expected_bytes + SLACK
        weights = decode(folder.content("weights", manifest, at_most))
        tensors = decode(folder.content("training", manifest, at_most))
        return _state(manifest, weights, tensors)


def _state(manifest: Manifest, weights: dict[str, torch.Tensor], tensors: dict[str, torch.Tensor]) -> State:
    try:
        parts = unflatten(manifest.state, tensors)
        return State(iteration=manifest.iteration, weights=weights, **parts)
    except (TypeError, RecursionError) as error:
        raise DamagedCheckpointError(f"The state of iteration {manifest.iteration:,} is damaged.") from error


def _entry(manifest: Manifest, best: dict[str, Best]) -> Entry:
    iteration = manifest.iteration
    marks = tuple(f"best {name}" for name, each in best.items() if each.iteration == iteration)
    length = sum(member.length for member in manifest.members.values())
    return Entry(iteration, (*manifest.reasons, *marks), length)


def _milestones_every(newest: int) -> int:
    """Which numbers stay: those this divides; of 200 checkpoints every tenth, of 201 every 20th."""
    every = KEPT_EVERY
    while newest > MOST_MILESTONES * every:
        every *= 2
    return every


def _note(damaged: list[DamagedCheckpointError], newest: int, iteration: int) -> str:
    if not damaged:
        return ""
    return f"{damaged[0]} Going on from iteration {iteration:,}: {newest - iteration:,} iterations are lost."
