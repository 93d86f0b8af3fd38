"""The training loop."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator
from contextlib import closing

from napari_dacapo.errors import DeviceError
from napari_dacapo.experiments.checkpoints.checkpoints import KEPT_LAST
from napari_dacapo.experiments.compute import prepare_torch
from napari_dacapo.experiments.memory import is_out_of_memory, memory_can_run_out, used_memory
from napari_dacapo.experiments.results.comparison import validations_since_best
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.starts.scratch import Scratch
from napari_dacapo.experiments.steps import Notice, Snapshot, Step, TrainStep
from napari_dacapo.experiments.training.batches import Batch
from napari_dacapo.experiments.training.hints import Hints
from napari_dacapo.experiments.training.preflight import preflight
from napari_dacapo.experiments.training.session import Session
from napari_dacapo.experiments.training.snapshots import write_snapshot
from napari_dacapo.experiments.training.validation import validate_session

log = logging.getLogger(__name__)

MOST_SKIPPED = 10  # steps in a row whose loss is not finite
SAVE_SECONDS = 300.0  # a crash loses at most this much work


def train(
    run: Run, folder: RunFolder, device: str = "auto", threads: int | None = None, kept: int = KEPT_LAST
) -> Generator[Step, None, None]:
    """Train the run in its folder, going on where it stopped, and yield every step.

    Closing the generator stops at once and saves; calling again goes on, bit for bit as if it had
    never stopped (on the CPU with as many threads). Of checkpoints the last `kept` stay, besides the best
    and every tenth. Raises UserInputError before anything is written
    where the run cannot work, StoreError where the run is in use elsewhere, CheckpointError where the
    folder belongs to another run, DeviceError where the device fails.
    """
    prepare_torch(threads)
    report = preflight(run, folder.root)
    if report.problems:
        problem, *others = report.problems
        problem.__notes__ = list(map(str, others))
        raise problem
    with folder.alone():
        session = _session_that_fits(run, folder, device)
        session.checkpoints.kept_last = kept
        try:
            yield from map(Notice, report.warnings)
            yield from session.notices
            yield from _iterations(session)
        finally:
            session.close()


def _session_that_fits(run: Run, folder: RunFolder, device: str) -> Session:
    session = Session.begin(run, folder, device)
    smaller = session.size.smaller(run.architecture)
    notices: list[Notice] = []
    while not _fits(session):
        session.close()
        size = next(smaller, None)
        if size is None:
            raise DeviceError(
                f"The memory of {session.compute.device} does not suffice, not even for {session.size}",
                "Choose a smaller patch, fewer feature maps or another device",
            )
        session = Session.begin(run, folder, device, size)
        smaller_ones = f"batches of {size.batch_size} and patches of {size.input_shape}"
        text = f"The memory of {session.compute.device} did not suffice: going on with {smaller_ones}."
        log.info(text)
        notices.append(Notice(text))
    session.notices += notices
    return session


def _fits(session: Session) -> bool:
    """Whether gradients of one batch can be computed; the error's frames are gone when it returns."""
    if not memory_can_run_out(session.compute.device) or session.iteration >= session.run.iterations:
        return True
    buffers = {name: value.clone() for name, value in session.network.named_buffers()}
    try:
        session.gradients(session.batches.at(session.iteration))
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise _device_error(session, error) from error
        return False
    session.network.load_state_dict(buffers, strict=False)
    session.optimizer.zero_grad(set_to_none=True)
    return True


def _iterations(session: Session) -> Iterator[Step]:
    if _validation_is_missing(session):
        yield from validate_session(session)
    if session.iteration >= session.run.iterations:
        yield Notice(f"All {session.run.iterations:,} iterations are done.")
        return
    hints = Hints(is_fresh=session.iteration == 0 and isinstance(session.run.start, Scratch))
    with closing(session.batches.following(session.iteration)) as batches:
        while session.iteration < session.run.iterations and not _ran_out_of_patience(session):
            step = _step(session, batches)
            yield step
            yield from _after_step(session)
            yield from hints.after(step)
    if session.iteration < session.run.iterations:
        yield Notice(f"Stopped early: the last {session.run.patience} validations brought no better score.")


def _step(session: Session, batches: Iterator[Batch]) -> TrainStep:
    began = time.perf_counter()
    batch = next(batches)
    waited = time.perf_counter() - began
    rate = session.run.trainer.learning_rate_at(session.iteration, session.run.iterations)
    loss = _learn(session, batch)
    seconds = time.perf_counter() - began
    device = session.compute.device
    step = TrainStep(
        iteration=session.iteration,
        of=session.run.iterations,
        loss=loss,
        learning_rate=rate,
        seconds=seconds,
        waited=waited,
        device=str(device),
        memory=used_memory(device),
    )
    session.history.append_iteration(step.iteration, loss, rate, seconds, waited)
    return step


def _learn(session: Session, batch: Batch) -> float:
    try:
        loss = session.learn(batch)
    except RuntimeError as error:
        raise _device_error(session, error) from error
    if session.skipped >= MOST_SKIPPED:
        session.forget_skipped()
        raise DeviceError(
            f"The loss was no finite number in {MOST_SKIPPED} steps, until iteration {session.iteration}",
            f"Lower the learning rate or look for NaN in the data; iteration {session.saved_iteration} "
            "is kept",
        )
    return loss


def _device_error(session: Session, error: RuntimeError) -> Exception:
    kept = f"iteration {session.saved_iteration} is kept"
    if is_out_of_memory(error):
        return DeviceError(
            f"The memory of {session.compute.device} ran out at iteration {session.iteration}",
            f"Close other programs on the device, or choose a smaller batch or patch; {kept}",
        )
    if session.compute.device.type == "cuda":
        return DeviceError(f"The GPU failed ({error})", f"Restart this program; {kept}", restart_needed=True)
    return error


def _after_step(session: Session) -> Iterator[Step]:
    run, iteration = session.run, session.iteration
    if _due(iteration, run.trainer.snapshot_interval):
        yield Snapshot(iteration, write_snapshot(session))
    if _validation_is_due(session):
        yield session.save()
        yield from validate_session(session)
    elif (
        _due(iteration, run.trainer.checkpoint_interval)
        or iteration == run.iterations
        or time.monotonic() - session.saved_at > SAVE_SECONDS
    ):
        yield session.save()


def _due(iteration: int, interval: int) -> bool:
    return interval > 0 and iteration > 0 and iteration % interval == 0


def _validation_is_due(session: Session) -> bool:
    last = session.iteration == session.run.iterations
    return bool(session.validation) and (last or _due(session.iteration, session.run.validation_interval))


def _validation_is_missing(session: Session) -> bool:
    """Whether an earlier process died between this iteration's checkpoint and its scores."""
    validated = {row.iteration for row in session.validations}
    return _validation_is_due(session) and session.iteration not in validated


def _ran_out_of_patience(session: Session) -> bool:
    if session.run.patience is None:
        return False
    waited = validations_since_best(session.run.task.criteria()[0], session.validations)
    return waited >= session.run.patience
