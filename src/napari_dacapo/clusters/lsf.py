"""IBM Spectrum LSF."""

from __future__ import annotations

from typing import Any

from napari_dacapo.clusters.batch_queue import BatchQueue, clock
from napari_dacapo.clusters.dask import job_queues


class LSF(BatchQueue):
    """Jobs of LSF, submitted with bsub."""

    @property
    def _cluster_type(self) -> Any:
        return job_queues().LSFCluster

    @property
    def _own_options(self) -> dict[str, Any]:
        return {
            "project": self.account or None,
            "ncpus": self.cores,
            "walltime": clock(self.walltime).removesuffix(":00"),  # hours and minutes
            "job_extra_directives": [f'-gpu "num={self.gpus}"'] if self.gpus else [],
        }
