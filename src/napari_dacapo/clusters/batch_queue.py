"""Jobs of a queueing system, each of which is a worker."""

from __future__ import annotations

import shutil
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from napari_dacapo.clusters.cluster import WORKER_THREADS, Cluster
from napari_dacapo.clusters.dask import require_dask
from napari_dacapo.config import Unit
from napari_dacapo.errors import UserInputError

if TYPE_CHECKING:
    from distributed import Client

CORES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
LOGS = Path("~/.napari-dacapo/jobs")  # what jobs print
PREVIEWED = "tcp://<address of the scheduler>"


class BatchQueue(Cluster):
    """A queueing system: each job is a worker, a job that ends is replaced while there is work.

    Jobs need the workspace, the image and this Python under the same paths as the machine that submits them.
    """

    jobs: Annotated[int, Field(ge=1, le=10_000)] = 1
    "How many jobs are asked for; work begins with the first that starts."

    queue: str = ""
    "The queue or partition; empty: the one the site has for all."

    account: str = ""
    "The account or project that pays; empty: the one the site knows."

    cores: Annotated[int, Field(ge=1, le=1024)] = 4
    "Processor cores of a job."

    memory: Annotated[float, Field(gt=0), Unit("GB")] = 16.0
    "Memory of a job."

    walltime: Annotated[float, Field(gt=0, le=10_000), Unit("h")] = 4.0
    "How long a job may take; what it has not finished by then, the next one does."

    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    "GPUs of a job; a network uses one."

    directives: tuple[str, ...] = ()
    "Further wishes as the queueing system writes them, for example --constraint=a100."

    prologue: tuple[str, ...] = ()
    "Lines of shell before the worker starts, for example: module load cuda."

    interface: str = ""
    "The network over which jobs are reached, for example ib0; empty: the usual one."

    @property
    def submits_jobs(self) -> bool:
        return True

    @contextmanager
    def connect(self) -> Iterator[Client]:
        from distributed import Client

        self._refuse_missing()
        with self._cluster_type(**self._options, scheduler_options={"dashboard_address": ":0"}) as cluster:
            try:
                cluster.sync(_submit_first, cluster)
            except RuntimeError as error:
                raise UserInputError("cluster", self._title, _reason(error), "Change the record") from error
            cluster.adapt(minimum_jobs=self.jobs, maximum_jobs=self.jobs)
            with Client(cluster) as client:  # type: ignore[no-untyped-call]
                yield client

    def job_script(self) -> str:
        require_dask(self._title)
        script: str = self._job_type(PREVIEWED, name="worker", **self._options).job_script()
        return script

    @property
    @abstractmethod
    def _cluster_type(self) -> Any:
        """The class of dask_jobqueue."""

    @property
    @abstractmethod
    def _own_options(self) -> dict[str, Any]:
        """What this system calls its own way; directives those of the GPUs."""

    @property
    def _title(self) -> str:
        return type(self).__name__

    @property
    def _options(self) -> dict[str, Any]:
        own = self._own_options
        exports = [
            f"export DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON__{name}={self.cores}" for name in CORES
        ]
        return {
            "queue": self.queue or None,
            "cores": WORKER_THREADS,
            "processes": 1,
            "memory": f"{self.memory}GB",
            "interface": self.interface or None,
            "log_directory": str(LOGS.expanduser()),
            "job_script_prologue": [*exports, *self.prologue],
            **own,
            "job_extra_directives": [*own.get("job_extra_directives", ()), *self.directives],
        }

    @property
    def _job_type(self) -> Any:
        return self._cluster_type.job_cls

    def _refuse_missing(self) -> None:
        require_dask(self._title)
        command = self._job_type.submit_command
        if shutil.which(command) is None:
            problem = f"this machine has no command {command}"
            fix = "Start from a machine that submits jobs"
            raise UserInputError("cluster", self._title, problem, fix)


def clock(hours: float) -> str:
    """As queueing systems write a time: 1.5 hours are 01:30:00."""
    minutes = max(1, round(hours * 60))
    return f"{minutes // 60:02}:{minutes % 60:02}:00"


async def _submit_first(cluster: Any) -> None:
    """One job, so that a refusal is told; what Dask submits by itself fails silently."""
    cluster.worker_spec.update(cluster.new_worker_spec())
    try:
        await cluster._correct_state()
    except RuntimeError:
        cluster._created.clear()  # closing expects that everything in it began
        raise


def _reason(error: RuntimeError) -> str:
    """What the queueing system answered; Dask puts its command before it."""
    told = str(error).rpartition("stderr:")[2].strip()
    return f"it refused the job ({' '.join((told or str(error)).split())[:120]})"
