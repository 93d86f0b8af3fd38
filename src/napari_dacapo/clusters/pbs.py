"""PBS and Torque."""

from __future__ import annotations

import math
from typing import Any

from napari_dacapo.clusters.batch_queue import BatchQueue, clock
from napari_dacapo.clusters.dask import job_queues


class PBS(BatchQueue):
    """Jobs of PBS."""

    @property
    def _cluster_type(self) -> Any:
        return job_queues().PBSCluster

    @property
    def _own_options(self) -> dict[str, Any]:
        gpus = f":ngpus={self.gpus}" if self.gpus else ""
        return {
            "account": self.account or None,
            "resource_spec": f"select=1:ncpus={self.cores}:mem={math.ceil(self.memory)}GB{gpus}",
            "walltime": clock(self.walltime),
        }
