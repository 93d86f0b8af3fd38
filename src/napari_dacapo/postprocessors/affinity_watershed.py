"""Watershed fragments, agglomerated."""

from typing import Annotated

import numpy as np
from bioimage_cpp.distance import distance_transform
from bioimage_cpp.graph import region_adjacency_graph
from bioimage_cpp.graph.agglomeration import GaspClusterPolicy
from bioimage_cpp.graph.features import affinity_features
from bioimage_cpp.segmentation import label, watershed_from_affinities
from numpy.typing import NDArray
from pydantic import Field
from scipy.ndimage import maximum_filter

from napari_dacapo.arrays.box import Voxels
from napari_dacapo.postprocessors.affinity_postprocessor import (
    AffinityPostProcessor,
    belonging,
    nearest_affinities,
    weakest,
)
from napari_dacapo.postprocessors.postprocessor import Fractions, Parameters, VoxelCounts


class AffinityWatershed(AffinityPostProcessor):
    """Fragments by a seeded watershed, then the two with the highest mean affinity merged, again and again.

    Seeds are the places farthest from the boundary (Funke et al. 2018). Long ties take part in the means.
    """

    threshold: Fractions = (0.3, 0.4, 0.5, 0.6, 0.7)
    "Fragments are merged while the mean affinity across their border is above this."

    foreground: Fractions = (0.05, 0.4, 0.8)
    "Background is where the mean affinity with direct neighbours is below this; low where objects fill all."

    min_size: VoxelCounts = (20,)
    "Smaller objects, in voxels, go to the object they touch, or are dropped."

    boundary: Annotated[float, Field(gt=0, lt=1)] = 0.6
    "Seeds lie inside of where every affinity with a direct neighbour is above this."

    seed_distance: Annotated[int, Field(ge=1, le=100)] = 3
    "Of two seeds nearer to each other than this, in voxels, only the deeper one is kept."

    @property
    def bytes_per_voxel(self) -> int:
        return 115

    def objects(
        self, affinities: NDArray[np.float32], neighborhood: tuple[Voxels, ...], parameters: Parameters
    ) -> NDArray[np.uint64]:
        nearest = nearest_affinities(affinities, neighborhood)
        mask = belonging(nearest) >= self.value(parameters, "foreground")
        fragments = _fragments(nearest, mask, self._seeds(nearest, mask))
        return _agglomerated(fragments, affinities, neighborhood, self.value(parameters, "threshold"))

    def _seeds(self, nearest: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.uint64]:
        inside = mask & (weakest(nearest) > self.boundary)
        if inside.all():
            return inside.astype(np.uint64)
        distance = distance_transform(inside)
        peaks = distance == maximum_filter(distance, 2 * self.seed_distance + 1)
        seeds: NDArray[np.uint64] = label(inside & peaks)
        return seeds


def _fragments(
    nearest: NDArray[np.float32], mask: NDArray[np.bool_], seeds: NDArray[np.uint64]
) -> NDArray[np.uint64]:
    """((z,) y, x) 1..n, 0 outside of the mask. What no seed reaches is a fragment of its own."""
    dims = len(nearest)
    units = [tuple(int(other == axis) for other in range(dims)) for axis in range(dims)]
    flooded = watershed_from_affinities(nearest, units, seeds, mask=mask)
    alone = label(mask & (flooded == 0), connectivity=1)
    fragments: NDArray[np.uint64] = np.where(alone > 0, alone + flooded.max(), flooded)
    return fragments


def _agglomerated(
    fragments: NDArray[np.uint64],
    affinities: NDArray[np.float32],
    neighborhood: tuple[Voxels, ...],
    threshold: float,
) -> NDArray[np.uint64]:
    """The fragments with merged ones under one id, 0 kept."""
    graph = region_adjacency_graph(fragments, number_of_threads=1)
    if graph.number_of_edges == 0:
        return fragments
    # (edges, 2): mean, size; one thread sums in one order
    features = affinity_features(graph, fragments, affinities, neighborhood, number_of_threads=1)
    with_background = (graph.uv_ids() == 0).any(axis=1)
    means = np.where(with_background, -1.0, features[:, 0] - threshold)
    clusters = GaspClusterPolicy(linkage="mean").optimize(graph, means, edge_sizes=features[:, 1])
    ids = np.where(np.arange(len(clusters)) == 0, 0, clusters + 1)
    merged: NDArray[np.uint64] = ids.astype(np.uint64)[fragments]
    return merged
