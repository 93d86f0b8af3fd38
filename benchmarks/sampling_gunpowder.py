"""Training patches from gunpowder; `sampling.py` runs this file with the Python that has gunpowder.

    python sampling_gunpowder.py FOLDER SIZE

Reads raw.npy (z, y, x) float32 and labels.npy (z, y, x) uint64 from the folder. For each line on standard
input it makes one patch and prints the CPU seconds that took.
"""

import argparse
import math
import sys
import time
import warnings
from pathlib import Path

import funlib.persistence as persistence  # type: ignore[import-not-found, unused-ignore]
import gunpowder as gp  # type: ignore[import-not-found, unused-ignore]
import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("size", type=int)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # gunpowder's own use of what is deprecated
    raw, labels = gp.ArrayKey("RAW"), gp.ArrayKey("LABELS")
    request = gp.BatchRequest()
    for key in (raw, labels):
        request.add(key, (options.size,) * 3)
    pipeline = (
        (_source(options.folder / "raw.npy", raw), _source(options.folder / "labels.npy", labels))  # noqa: RUF005
        + gp.MergeProvider()
        + gp.RandomLocation()
        + gp.SimpleAugment()
        + gp.ElasticAugment((100,) * 3, (10,) * 3, (0.0, math.pi / 2), subsample=8)
        + gp.IntensityAugment(raw, 0.25, 1.75, -0.5, 0.35, clip=False)
    )
    with gp.build(pipeline):
        print("ready", flush=True)
        for _ in sys.stdin:
            began = time.process_time()
            pipeline.request_batch(request)
            print(time.process_time() - began, flush=True)


def _source(path: Path, key: gp.ArrayKey) -> gp.ArraySource:
    values = np.load(path)
    array = persistence.Array(values, offset=(0, 0, 0), voxel_size=(1, 1, 1))
    return gp.ArraySource(key, array, interpolatable=values.dtype.kind == "f")


if __name__ == "__main__":
    main()
