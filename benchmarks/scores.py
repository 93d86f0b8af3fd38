"""All scores of a segmentation, against scikit-image's variation of information and adapted Rand error.

    OMP_NUM_THREADS=1 python benchmarks/scores.py

Each way is timed in turns in one run, so that a busy machine slows all of them: the ratio is what counts.
scikit-image is timed on ids that lie close together, which it needs; ours takes whatever ids there are.
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.metrics import adapted_rand_error, variation_of_information

from napari_dacapo.scores.adapted_rand import AdaptedRand
from napari_dacapo.scores.contingency import Contingency
from napari_dacapo.scores.detection import Detection
from napari_dacapo.scores.mean_iou import MeanIoU
from napari_dacapo.scores.score import values_of
from napari_dacapo.scores.variation_of_information import VariationOfInformation

SCORES = (VariationOfInformation(), AdaptedRand(), Detection(), MeanIoU())
SHIFT = 2  # voxels between truth and segmentation
REFERENCE = "scikit-image: variation of information and adapted Rand error"

Ids = NDArray[np.uint32]


def cells(side: int, count: int, seed: int) -> Ids:
    """(z, y, x) 1..count: every voxel belongs to the nearest of that many places; a part is background."""
    rng = np.random.default_rng(seed)
    places = np.zeros((side,) * 3, np.uint32)
    places[tuple(rng.integers(0, side, (3, count)))] = np.arange(1, count + 1)
    nearest = ndimage.distance_transform_edt(places == 0, return_distances=False, return_indices=True)
    labels: Ids = places[tuple(nearest)]
    return np.where(labels % 10 == 0, 0, labels)


def segmentation_of(truth: Ids, seed: int) -> Ids:
    """The truth moved a little, with every seventh object merged into another one."""
    rng = np.random.default_rng(seed)
    names = np.arange(int(truth.max()) + 1, dtype=np.uint32)
    names[7::7] = rng.permutation(names[7::7]) // 2
    moved: Ids = np.roll(names[truth], SHIFT, axis=(0, 1, 2))
    return moved


def by_scikit_image(segmentation: Ids, truth: Ids) -> dict[str, float]:
    split, merge = variation_of_information(truth, segmentation)  # type: ignore[no-untyped-call]
    error, _, _ = adapted_rand_error(truth, segmentation)  # type: ignore[no-untyped-call]
    return {"voi_split": float(split), "voi_merge": float(merge), "adapted_rand": float(error)}


def by_one_table(segmentation: Ids, truth: Ids) -> dict[str, float]:
    return values_of(SCORES, Contingency.of(segmentation, truth))


def refuse_differences(ours: Mapping[str, float], theirs: Mapping[str, float]) -> None:
    for name, value in theirs.items():
        if not math.isclose(ours[name], value, rel_tol=1e-9, abs_tol=1e-12):
            raise SystemExit(f"{name} is {ours[name]}, scikit-image says {value}")


def seconds_of(work: Callable[[], object]) -> float:
    """Of the processor, all threads together."""
    began = time.process_time()
    work()
    return time.process_time() - began


def interleaved(ways: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The median time of each way in processor seconds, all done in turns."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, work in ways.items():
            times[name].append(seconds_of(work))
    return {name: statistics.median(each) for name, each in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=256, help="voxels along each side of the cube")
    parser.add_argument("--objects", type=int, default=4000)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    truth = cells(chosen.side, chosen.objects, seed=0)
    segmentation = segmentation_of(truth, seed=1)
    refuse_differences(by_one_table(segmentation, truth), by_scikit_image(segmentation, truth))
    table = Contingency.of(segmentation, truth)
    ways: dict[str, Callable[[], object]] = {
        REFERENCE: lambda: by_scikit_image(segmentation, truth),
        f"one table, all {len(values_of(SCORES, table))} scores": lambda: by_one_table(segmentation, truth),
        "of that, the table": lambda: Contingency.of(segmentation, truth),
        "of that, the scores": lambda: values_of(SCORES, table),
    }
    medians = interleaved(ways, chosen.repeats)
    print(f"{chosen.side}^3 voxels, {len(table.objects)} objects, {len(table.pairs)} pairs of ids\n")
    print("| | processor seconds | times as fast |\n| --- | ---: | ---: |")
    for name, seconds in medians.items():
        print(f"| {name} | {seconds:.3f} | {medians[REFERENCE] / seconds:.1f} |")


if __name__ == "__main__":
    main()
