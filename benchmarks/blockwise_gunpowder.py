"""A volume scanned by gunpowder; `blockwise_predicting.py` runs this file with the Python that has it.

    python blockwise_gunpowder.py FOLDER INPUT OUTPUT

Reads raw.zarr and net.pt from the folder, with blocks of so many voxels along each axis. For each line on
standard input it scans once, as DaCapo's predict does, and prints the seconds of clock and processor.
"""

import argparse
import shutil
import sys
import time
import warnings
from pathlib import Path

import gunpowder as gp  # type: ignore[import-not-found, unused-ignore]
import gunpowder.torch  # type: ignore[import-not-found, unused-ignore]
import numpy as np
import torch


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("input", type=int)
    parser.add_argument("output", type=int)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # gunpowder's own use of what is deprecated
    torch.set_num_threads(1)
    net = torch.jit.load(str(options.folder / "net.pt"))  # type: ignore[no-untyped-call]
    values = np.load(options.folder / "raw.npy")
    print("ready", flush=True)
    for _ in sys.stdin:
        wall, processor = time.perf_counter(), time.process_time()
        scan(options.folder, values, net, options.input, options.output)
        print(time.perf_counter() - wall, time.process_time() - processor, flush=True)


def scan(folder: Path, values: np.ndarray, net: torch.nn.Module, read: int, written: int) -> None:
    raw, prediction = gp.ArrayKey("RAW"), gp.ArrayKey("PREDICTION")
    one = gp.Coordinate((1,) * 3)
    reference = gp.BatchRequest()
    reference.add(raw, one * read)
    reference.add(prediction, one * written)
    target = folder / "scanned.zarr"
    shutil.rmtree(target, ignore_errors=True)
    whole = gp.ArraySpec(roi=gp.Roi((0,) * 3, values.shape), voxel_size=(1,) * 3)
    context = (read - written) // 2
    pipeline = (
        source(values, raw)
        + gp.Normalize(raw)
        + gp.Pad(raw, one * context, mode="reflect")
        + gp.Unsqueeze([raw])
        + gp.Unsqueeze([raw])
        + gunpowder.torch.Predict(net, {0: raw}, {0: prediction}, {prediction: whole}, device="cpu")
        + gp.Squeeze([prediction])
        + gp.AsType(prediction, "float16")
        + gp.ZarrWrite({prediction: "prediction"}, store=str(target))
        + gp.Scan(reference)
    )
    with gp.build(pipeline):
        pipeline.request_batch(gp.BatchRequest())


def source(values: np.ndarray, key: gp.ArrayKey) -> gp.ArraySource:
    import funlib.persistence as persistence  # type: ignore[import-not-found, unused-ignore]

    array = persistence.Array(values, offset=(0, 0, 0), voxel_size=(1, 1, 1))
    return gp.ArraySource(key, array, interpolatable=True)


if __name__ == "__main__":
    main()
