"""What a run's data look like, to tell when they are others than those it has learned from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from itertools import count

from napari_dacapo.arrays.array import Array
from napari_dacapo.arrays.box import Box
from napari_dacapo.arrays.sample import Sample
from napari_dacapo.datasplits.dataset import OpenDataset, OpenDatasets

READ_BYTES = 64 << 20  # of all arrays together
SHOWN = 3  # changes in a sentence

Seen = dict[str, str]  # {"labels of crop 1": hash}


def data_seen(training: OpenDatasets, validation: OpenDatasets) -> Seen:
    """A hash of grid and values of every array, of large ones of a sample; wherever the files lie."""
    return dict(_unlike(_parts((*training, *validation))))


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What is no longer the same, in words: "raw of crop 1, labels of crop 2"; empty where all is."""
    changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
    return ", ".join(changed[:SHOWN]) + more


def _parts(datasets: OpenDatasets) -> Iterator[tuple[str, str]]:
    limit = _limit(sum(1 for dataset in datasets for _ in _arrays(dataset)))
    for dataset in datasets:
        for name, array in _arrays(dataset):
            yield f"{name} of {dataset.title}", _hash(array, dataset.region, limit)


def _limit(arrays: int) -> int:
    """Bytes of each array: a power of 4, seldom another where a dataset comes, which changes all hashes."""
    return 1 << max(14, (READ_BYTES // arrays).bit_length() // 2 * 2)


def _arrays(dataset: OpenDataset) -> Iterator[tuple[str, Array]]:
    yield "raw", dataset.raw if dataset.plain_raw is None else dataset.plain_raw
    yield "labels", dataset.labels
    if dataset.known is not None:
        yield "what is known", dataset.known


def _hash(array: Array, region: Box, limit: int) -> str:
    world = [float(number) for number in (*array.voxel_size, *array.offset)]
    digest = hashlib.sha256(repr((array.shape, array.dtype.str, world, array.unit)).encode())
    for block in Sample.of(array, region, limit).read(array):
        digest.update(block.tobytes())
    return digest.hexdigest()


def _unlike(parts: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each under a name of its own: several datasets may have one title."""
    taken: set[str] = set()
    for name, digest in parts:
        own = next(each for n in count(1) if (each := name if n == 1 else f"{name} ({n})") not in taken)
        taken.add(own)
        yield own, digest
