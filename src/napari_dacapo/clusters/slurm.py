"""Slurm."""

from __future__ import annotations

from typing import Any

from napari_dacapo.clusters.batch_queue import BatchQueue, clock
from napari_dacapo.clusters.dask import job_queues


class Slurm(BatchQueue):
    """Jobs of Slurm."""

    @property
    def _cluster_type(self) -> Any:
        return job_queues().SLURMCluster

    @property
    def _own_options(self) -> dict[str, Any]:
        return {
            "account": self.account or None,
            "job_cpu": self.cores,
            "walltime": clock(self.walltime),
            "job_extra_directives": [f"--gres=gpu:{self.gpus}"] if self.gpus else [],
        }
