"""The state of one training in one process: weights, optimiser, position, and where it is kept."""

from __future__ import annotations

import math
import time
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_dacapo.datasplits.dataset import OpenDatasets
from napari_dacapo.errors import CheckpointError
from napari_dacapo.experiments.checkpoints.checkpoints import Checkpoints, State
from napari_dacapo.experiments.checkpoints.weights import load_optimizer_into, load_weights_into, size_of
from napari_dacapo.experiments.compute import Compute, choose_compute
from napari_dacapo.experiments.memory import TrainingSize
from napari_dacapo.experiments.network import begin_with, build_network, refuse_other_file
from napari_dacapo.experiments.results.best_marks import mark_best
from napari_dacapo.experiments.results.history import History, ValidationRow
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Notice, Saved
from napari_dacapo.experiments.training.average import follow
from napari_dacapo.experiments.training.batches import Batch, Batches
from napari_dacapo.experiments.training.data_seen import Seen, changes, data_seen

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(slots=True)
class Session:
    """Everything that changes while a run trains."""

    run: Run
    folder: RunFolder
    compute: Compute
    network: nn.Sequential
    average: nn.Sequential | None  # the running mean of its weights
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    batches: Batches
    validation: OpenDatasets
    seen: Seen  # what the data look like
    network_file: str  # a hash of it
    checkpoints: Checkpoints
    history: History
    size: TrainingSize
    iteration: int = 0  # finished
    saved_iteration: int = 0
    saved_at: float = field(default_factory=time.monotonic)
    skipped: int = 0  # steps in a row whose loss or gradient was not finite
    whole: bool = True  # False while a step changes the weights
    notices: list[Notice] = field(default_factory=list)
    validations: list[ValidationRow] = field(default_factory=list)

    @classmethod
    def begin(cls, run: Run, folder: RunFolder, device: str, size: TrainingSize | None = None) -> Session:
        """A session that stands where the folder's newest good checkpoint stands, or at the start."""
        _refuse_another_run(folder, run)
        training, validation = run.datasplit.training(folder.root), run.datasplit.validation(folder.root)
        seen = data_seen(training, validation)
        compute = choose_compute(device, run.trainer.precision, run.architecture.dims)
        network = build_network(run, training[0].raw.channels or 1)
        checkpoints = Checkpoints(folder.checkpoints, run.identity)
        loaded = checkpoints.load(expected_bytes=size_of(network)) if checkpoints.iterations() else None
        notices: list[Notice] = []
        if loaded is not None:
            refuse_other_file(run, loaded.state)
            load_weights_into(network, loaded.state.trained or loaded.state.weights)
            size = size or TrainingSize(**_tuples(loaded.state.extra["size"]))
            notices += map(Notice, filter(None, (loaded.note, _other_data(loaded.state, seen))))
        elif (trained := run.start.weights(folder.root, size_of(network))) is not None:
            notices.append(Notice(begin_with(network, run, trained)))
        size = size or TrainingSize(run.trainer.batch_size, run.architecture.input_patch)
        compute = compute.suited_to(network)
        compute.place(network)
        session = cls(
            run=run,
            folder=folder,
            compute=compute,
            network=network,
            average=deepcopy(network) if run.trainer.average_decay else None,
            optimizer=run.trainer.build_optimizer(network.parameters()),
            scaler=_scaler(compute),
            batches=Batches.of(run, training, size, compute.feeders),
            validation=validation,
            seen=seen,
            network_file=run.architecture.file_hash(),
            checkpoints=checkpoints,
            history=History(folder.path),
            size=size,
            notices=notices,
        )
        folder.save_run(run)
        session._restore(loaded.state if loaded is not None else None)
        return session

    def _restore(self, state: State | None) -> None:
        import torch

        self.network.train()
        if state is None:
            torch.manual_seed(self.run.seed)  # of dropout, whatever this process did before
            self.history.truncate_to(0)
            return
        load_weights_into(self.judged, state.weights)
        load_optimizer_into(self.optimizer, state.optimizer)
        if state.scaler:
            self.scaler.load_state_dict(state.scaler)
        torch.set_rng_state(state.rng["torch"])
        self.iteration = self.saved_iteration = state.iteration
        self.skipped = int(state.extra["skipped"])
        self.checkpoints.forget_after(state.iteration)
        self.history.truncate_to(state.iteration)
        self.validations = list(self.history.read().validations)
        self.mark_best()  # where a process died between scores and marks

    @property
    def judged(self) -> nn.Sequential:
        """The network that is validated and applied."""
        return self.network if self.average is None else self.average

    def mark_best(self) -> tuple[str, ...]:
        """Tell the checkpoints which are the best; the criteria that this iteration is the best by."""
        criteria = self.run.task.criteria()
        best = mark_best(self.checkpoints, criteria, self.validations)
        return tuple(each.name for each in criteria if best.get(each.name) == self.iteration)

    def learn(self, batch: Batch) -> float:
        """One step; the loss, NaN where the step was skipped because loss or gradient was not finite."""
        import torch

        self.whole = False
        counted = {name: value.clone() for name, value in self.network.named_buffers()}
        rate = self.run.trainer.learning_rate_at(self.iteration, self.run.iterations)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss = self.gradients(batch)
        self.scaler.unscale_(self.optimizer)
        limit = self.run.trainer.clip_gradient_norm or math.inf
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), limit)
        finite = bool(torch.isfinite(loss) and torch.isfinite(norm))
        if finite:
            self.scaler.step(self.optimizer)
            if self.average is not None:
                follow(self.average, self.network, self.run.trainer.average_decay_at(self.iteration))
        else:  # what a normalisation counted of it is not finite, either
            self.network.load_state_dict(counted, strict=False)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.skipped = 0 if finite else self.skipped + 1
        self.iteration += 1
        self.whole = True
        return float(loss) if finite else math.nan

    def gradients(self, batch: Batch) -> torch.Tensor:
        """The loss of a batch; its gradients are left on the weights."""
        import torch

        parts = batch.parts(self.run.trainer.accumulate)
        return torch.stack([self._gradients_of(part, len(parts)) for part in parts]).sum()

    def _gradients_of(self, batch: Batch, parts: int) -> torch.Tensor:
        """The same for one of several parts of a batch, which count alike."""
        with self.compute.autocast():
            output = self.network(self.compute.tensor(batch.raw))
        target, weight = self.compute.tensor(batch.target), self.compute.tensor(batch.weight)
        loss = self.run.task.loss(output.float(), target.float(), weight) / parts
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def save(self) -> Saved:
        """Write a checkpoint of the last finished step; while steps are skipped, older ones all stay."""
        path = self.checkpoints.save(self._state())
        if not self.skipped:
            self.checkpoints.rotate()
        self.saved_iteration, self.saved_at = self.iteration, time.monotonic()
        return Saved(self.iteration, path, ())

    def forget_skipped(self) -> None:
        """Back to what was saved before the steps that were skipped: later weights give no finite loss."""
        self.whole = False
        self.checkpoints.forget_after(self.iteration - self.skipped)
        self.mark_best()
        self.saved_iteration = max(self.checkpoints.iterations(), default=0)

    def _state(self) -> State:
        import torch

        return State(
            iteration=self.iteration,
            weights=self.judged.state_dict(),
            trained=None if self.average is None else self.network.state_dict(),
            optimizer=self.optimizer.state_dict(),
            scaler=self.scaler.state_dict() or None,
            rng={"torch": torch.get_rng_state()},
            extra={
                "size": {"batch_size": self.size.batch_size, "input_shape": list(self.size.input_shape)},
                "skipped": self.skipped,
                "data": self.seen,
                "network_file": self.network_file,
                "input_channels": self.batches.sampler.input_channels,
                "channel_names": list(self.run.task.channel_names(self.run.architecture.dims)),
            },
        )

    def close(self) -> None:
        """Save what is not saved yet, and give the device back."""
        try:
            if self.whole and self.iteration > self.saved_iteration:
                self.save()
        finally:
            self.network.cpu()
            self.average = None
            self.optimizer.state.clear()
            self.compute.release()


def _refuse_another_run(folder: RunFolder, run: Run) -> None:
    if folder.record.exists() and not run.same_training_as(folder.saved_run()):
        raise CheckpointError(
            f"{folder.record} is of another run: its components differ from those given. Train under a new "
            "name, or bring the old one back: napari-dacapo create run NAME --overwrite -j THAT_FILE."
        )


def _other_data(state: State, seen: Seen) -> str:
    """A sentence where the run learned from other data until now; checkpoints of before tell of none."""
    changed = changes(state.extra.get("data", seen), seen)
    if not changed:
        return ""
    return (
        f"The data changed since iteration {state.iteration:,}: {changed}. Scores before and after it do not "
        "compare. For results of the new data alone, train a new run."
    )


def _scaler(compute: Compute) -> torch.amp.GradScaler:
    import torch

    return torch.amp.GradScaler(compute.device.type, enabled=compute.dtype is torch.float16)


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
