"""Runs that train side by side in the processes of a cluster."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_dacapo.errors import DacapoError, DeviceError, StoreError, UserInputError
from napari_dacapo.experiments.checkpoints.checkpoints import KEPT_LAST
from napari_dacapo.experiments.results.history import History, Record
from napari_dacapo.experiments.run import Run
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Ended, Notice, RunStep, Sent, Step, TrainStep, Validation
from napari_dacapo.experiments.training.train import train
from napari_dacapo.files import locked
from napari_dacapo.store.workspace import Workspace

if TYPE_CHECKING:
    from distributed import Client, Future

OVER = ("finished", "error", "cancelled")  # what Dask says of what was sent
TRIES = 3  # of a run whose workers are lost


@dataclass(slots=True, eq=False)
class _Given:
    """A run on its way."""

    name: str
    run: Run
    folder: RunFolder
    tries: int = 0
    worker: str = ""
    future: Future[None] | None = None
    stopping: bool = False
    told: int = 0  # iterations
    history: Iterator[Record] = field(init=False)

    def __post_init__(self) -> None:
        self.history = History(self.folder.path).growing()


class SideBySide:
    """Runs of a workspace on the workers of a cluster, one at a time on each, in the order they are added.

    A run trains as it is stored when its turn comes. A worker trains it in its folder as `train` does,
    wherever that is; what becomes of it is read from there. A run whose worker is lost goes on from its last
    checkpoint on another one. Where whoever made this is lost, the workers stop their runs and save them.
    """

    def __init__(
        self,
        client: Client,
        workspace: Workspace,
        device: str = "auto",
        threads: int | None = None,
        kept: int = KEPT_LAST,
    ) -> None:
        self._client = client
        self._workspace = workspace
        self._how = (device, threads, kept)
        self._waiting: deque[_Given] = deque()
        self._sent: list[_Given] = []

    @property
    def is_idle(self) -> bool:
        """Whether every run that was added has ended."""
        return not self._waiting and not self._sent

    def add(self, name: str) -> None:
        """Let a run train when a worker is free.

        Raises UserInputError where it is here already, or where there is no such run.
        """
        if any(given.name == name for given in (*self._waiting, *self._sent)):
            raise UserInputError("run", name, "it was added already", "Give each run once")
        folder = RunFolder(self._workspace.run_folder(name), self._workspace.path)
        self._waiting.append(_Given(name, self._workspace.store.read(Run, name), folder.absolute()))

    def stop(self, name: str) -> None:
        """End a run after its present step, saved; one that waits does not begin."""
        for given in (*self._waiting, *self._sent):
            if given.name == name and not given.stopping:
                given.stopping = True
                if given.future is not None:
                    given.future.cancel()  # type: ignore[no-untyped-call]

    def stop_all(self) -> None:
        for given in (*self._waiting, *self._sent):
            self.stop(given.name)

    def news(self) -> Iterator[tuple[str, RunStep]]:
        """What became known of each run since one asked last. To be asked every second or so.

        Raises DeviceError where the scheduler is lost.
        """
        workers = self._workers()
        for given in (*self._waiting, *self._sent):
            for step in self._news_of(given, workers):
                yield given.name, step
        for worker in workers - {given.worker for given in self._sent}:
            if self._waiting:
                yield self._send(self._waiting.popleft(), worker)

    def _workers(self) -> set[str]:
        try:
            return set(self._client.nthreads())  # type: ignore[no-untyped-call]
        except OSError as error:
            raise DeviceError("The scheduler was lost", "Start it, then train again: all goes on") from error

    def _news_of(self, given: _Given, workers: set[str]) -> Iterator[RunStep]:
        if given.future is None:
            if given.stopping:
                self._waiting.remove(given)
                yield Ended(completed=False)
            return
        is_lost = given.worker not in workers
        is_over = is_lost or _is_free(given.folder) if given.stopping else given.future.status in OVER
        yield from _measured(given)
        if given.stopping and is_over:
            yield self._end(given, Ended(completed=False))
        elif is_over:
            yield self._end(given, Ended(failure=_failure(given.future)))
        elif is_lost and not given.stopping:
            yield self._lose(given)

    def _send(self, given: _Given, worker: str) -> tuple[str, RunStep]:
        try:
            given.run = self._workspace.store.read(Run, given.name)
        except DacapoError as error:  # it waited for hours: renamed or deleted meanwhile
            return given.name, Ended(failure=error)
        next(given.history)  # what it measured before is known
        given.worker, given.tries = worker, given.tries + 1
        work = (given.run, given.folder, *self._how)
        given.future = self._client.submit(train_on_worker, *work, workers=[worker], pure=False)
        self._sent.append(given)
        return given.name, Sent(worker)

    def _lose(self, given: _Given) -> RunStep:
        if given.future is not None:
            given.future.cancel()  # type: ignore[no-untyped-call]
        if given.tries == TRIES:
            problem = f"Its worker was lost {TRIES} times"
            return self._end(
                given, Ended(failure=DeviceError(problem, "See what ends them, and train again"))
            )
        given.future = None
        self._sent.remove(given)
        self._waiting.appendleft(given)
        return Notice(f"The worker {given.worker} was lost: it goes on from its last checkpoint.")

    def _end(self, given: _Given, ended: Ended) -> Ended:
        self._sent.remove(given)
        return ended


def train_on_worker(run: Run, folder: RunFolder, device: str, threads: int | None, kept: int) -> None:
    """Called in a worker: train until it is done, or nobody waits for it any longer."""
    is_wanted = _task_here()
    with closing(train(run, folder, device, threads, kept)) as steps:
        for _ in steps:
            if not is_wanted():
                return


def _task_here() -> Callable[[], bool]:
    """Whether the task that calls this is still to be done: no message is sent to know it."""
    from distributed import get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def is_wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state == "executing"

    return is_wanted


def _measured(given: _Given) -> Iterator[Step]:
    """What its worker wrote down since the last time."""
    record = next(given.history)
    columns = record.iterations
    rows = zip(
        columns.iteration.tolist(),
        columns.loss.tolist(),
        columns.learning_rate.tolist(),
        columns.seconds.tolist(),
        columns.waited.tolist(),
        strict=True,
    )
    for iteration, loss, rate, seconds, waited in rows:
        if iteration > given.told:  # those after a checkpoint come again where a worker was lost
            given.told = iteration
            yield TrainStep(iteration, given.run.iterations, loss, rate, seconds, waited, "", 0)
    for row in record.validations:
        yield Validation(row.iteration, row.dataset, row.parameters, row.scores, 0, 0)


def _failure(future: Future[None]) -> DacapoError | OSError | None:
    error: Any = future.exception()  # type: ignore[no-untyped-call]
    if error is None or isinstance(error, DacapoError | OSError):
        return error
    text = " ".join(str(error).split())[:120]
    return DeviceError(f"It failed ({type(error).__name__}: {text})", "Train it alone to see more")


def _is_free(folder: RunFolder) -> bool:
    """Whether no process has it: who trained it has saved."""
    try:
        with locked(folder.path, 0.0):
            return True
    except StoreError:
        return False
