"""Processes of a cluster that fork from one which has imported torch already: that takes seconds."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import dask
from cli_process import IMPORTED
from distributed import Client, LocalCluster
from distributed.utils import _offload_executor, get_mp_context

from napari_dacapo.clusters.cluster import Cluster
from napari_dacapo.clusters.local_workers import LocalWorkers
from napari_dacapo.clusters.scheduler import Scheduler


@contextmanager
def local_workers(count: int) -> Iterator[Client]:
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        get_mp_context().set_forkserver_preload(["distributed", *IMPORTED])
        with LocalWorkers(workers=count).connect() as client:
            yield client


def start_command(log: str, *words: str) -> int:
    """The id of a process that runs `napari-dacapo *words`."""
    process = get_mp_context().Process(target=_run, args=(log, words), daemon=True)
    process.start()
    return int(process.pid or 0)


def _run(log: str, words: tuple[str, ...]) -> None:
    from napari_dacapo.cli import main

    sys.argv = ["napari-dacapo", *words]
    with open(log, "w", buffering=1) as sys.stderr:  # noqa: PTH123
        main()


@contextmanager
def workers_of_this_process(count: int) -> Iterator[Cluster]:
    """A cluster whose workers are threads: as others are, but that nothing of it can be killed."""
    local = LocalCluster(
        n_workers=count, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
    )
    with local:
        yield Scheduler(address=local.scheduler_address)


def start_threads_that_stay() -> None:
    """Dask has them for as long as the process lives: who counts threads begins with them."""
    _offload_executor.submit(int).result()
