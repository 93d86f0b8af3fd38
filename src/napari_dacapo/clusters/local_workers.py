"""Processes of this machine."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from napari_dacapo.clusters.cluster import WORKER_THREADS, Cluster
from napari_dacapo.clusters.dask import require_dask

if TYPE_CHECKING:
    from distributed import Client, Worker

CORES = "OMP_NUM_THREADS"
GPUS = "CUDA_VISIBLE_DEVICES"


class LocalWorkers(Cluster):
    """Work in processes of this machine. They share its processors; each has a GPU where there are any."""

    workers: Annotated[int, Field(ge=1, le=1024)] = 2
    "How many processes; with GPUs as many as there are GPUs."

    @contextmanager
    def connect(self) -> Iterator[Client]:
        require_dask(f"{self.workers} processes")
        from distributed import Client, LocalCluster

        cores = os.environ.get(CORES) or str(max(1, (os.cpu_count() or 1) // self.workers))
        local = LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=self.workers,
            threads_per_worker=WORKER_THREADS,
            silence_logs="CRITICAL",  # what fails is told once, in a sentence
            memory_limit=0,  # what has no room says so itself; Dask would kill the process
            dashboard_address="127.0.0.1:0",
            env={CORES: cores},
        )
        with local, Client(local) as client:  # type: ignore[no-untyped-call]
            client.register_worker_callbacks(begin)
            yield client


def begin(dask_worker: Worker) -> None:
    """Called in every process before it works, also in one that takes the place of a lost one.

    Ctrl-C reaches all processes of a terminal; whoever sent the work ends it, and needs them to do so.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    take_own_gpu(dask_worker)


def take_own_gpu(dask_worker: Worker) -> None:
    gpus = _gpus()
    if gpus:
        os.environ[GPUS] = own_gpu(int(dask_worker.name), gpus)


def own_gpu(worker: int, gpus: list[str]) -> str:
    """Of two GPUs, workers 0, 1 and 2 take 0, 1 and 0."""
    return gpus[worker % len(gpus)]


def _gpus() -> list[str]:
    """Those this process may see, as CUDA names them."""
    if GPUS in os.environ:
        return [gpu for gpu in os.environ[GPUS].split(",") if gpu]
    if shutil.which("nvidia-smi") is None:  # what follows takes seconds
        return []
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]
