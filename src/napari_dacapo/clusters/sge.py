"""Sun, Son of, Univa or Altair Grid Engine."""

from __future__ import annotations

from typing import Any

from napari_dacapo.clusters.batch_queue import BatchQueue, clock
from napari_dacapo.clusters.dask import job_queues


class SGE(BatchQueue):
    """Jobs of Grid Engine. How cores and memory are asked for differs from site to site: see directives."""

    @property
    def _cluster_type(self) -> Any:
        return job_queues().SGECluster

    @property
    def _own_options(self) -> dict[str, Any]:
        return {
            "project": self.account or None,
            "walltime": clock(self.walltime),
            "job_extra_directives": [f"-l gpu={self.gpus}"] if self.gpus else [],
        }
