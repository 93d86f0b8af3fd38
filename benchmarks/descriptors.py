"""Local shape descriptors, against the package of their authors: how far apart, and how many times faster.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/descriptors.py --peer-python ../lsds/bin/python

The peer is any Python that has lsds 0.1; both describe the same labels on one thread, without padding. The
ratio of their CPU times is what counts.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from napari_dacapo.tasks.shape_descriptors import Window, descriptors_of

SIGMA = 10.0  # voxels
AIM = 50.0  # times the peer
CASES = {"256^2 voxels, 60 objects": ((256, 256), 60), "112^3 voxels, 40 objects": ((112, 112, 112), 40)}
PEER = """
import sys, time
import numpy as np
from lsd.train.local_shape_descriptor import get_local_shape_descriptors
labels = np.load(sys.argv[1])
begin = time.process_time()
found = get_local_shape_descriptors(labels, (float(sys.argv[3]),) * labels.ndim)
print(time.process_time() - begin)
np.save(sys.argv[2], found)
"""


def cells(shape: tuple[int, ...], count: int) -> NDArray[np.uint16]:
    """What is nearest to each of some random points, the cell of the first one background."""
    rng = np.random.default_rng(0)
    points = np.zeros(shape, np.uint16)
    points[tuple(rng.integers(0, shape, (count + 1, len(shape))).T)] = np.arange(1, count + 2)
    nearest = distance_transform_edt(points == 0, return_distances=False, return_indices=True)
    labels: NDArray[np.uint16] = points[tuple(nearest)] - np.uint16(1)
    return labels


def ours(labels: NDArray[Any]) -> tuple[NDArray[np.float32], float]:
    """The descriptors, and the CPU seconds of the fastest of three times."""
    nothing, window = (0,) * labels.ndim, Window((SIGMA,) * labels.ndim, 1)
    seconds = []
    for _ in range(3):
        begin = time.process_time()
        found = descriptors_of(labels, window, nothing, nothing)
        seconds.append(time.process_time() - begin)
    return found, min(seconds)


def of_peer(python: Path, labels: NDArray[Any]) -> tuple[NDArray[np.float32], float]:
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder) / name) for name in ("labels.npy", "found.npy")]
        np.save(files[0], labels)
        command = [str(python), "-c", PEER, *files, str(SIGMA)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return np.load(files[1]), float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer-python", type=Path, help="a Python that has lsds")
    python: Path | None = parser.parse_args().peer_python
    ours(cells((30, 30, 30), 3))  # compiles
    for title, (shape, count) in CASES.items():
        labels = cells(shape, count)
        found, seconds = ours(labels)
        print(f"{title}: {seconds:.3f} s")
        if python is not None:
            theirs, longer = of_peer(python, labels)
            apart = float(np.abs(found - theirs)[:, labels > 0].max())
            print(
                f"  lsds {longer:.2f} s, {longer / seconds:.0f} times ours (aim {AIM:.0f}); {apart:.1e} apart"
            )


if __name__ == "__main__":
    main()
