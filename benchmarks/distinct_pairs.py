"""How long it takes to tell which objects of two blocks lie in the same voxels, and what waits meanwhile.

Against `np.unique` along an axis, in turns; beside both a thread sleeps for 5 ms again and again.

OMP_NUM_THREADS=1 python benchmarks/distinct_pairs.py
"""

import threading
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from napari_dacapo.blockwise.distinct import distinct_pairs

SHAPE = (16, 250, 250)  # what two blocks of 256 voxels both see, along one axis
OBJECTS = 400
ROUNDS = 5


def main() -> None:
    rng = np.random.default_rng(0)
    here, there = (rng.integers(1, OBJECTS, SHAPE, np.uint32).ravel() for _ in range(2))
    ways: dict[str, Callable[[], Any]] = {
        "np.unique": lambda: np.unique(np.stack([here, there], axis=1), axis=0, return_counts=True),
        "distinct_pairs": lambda: distinct_pairs(here, there),
    }
    theirs, ours = (way() for way in ways.values())
    assert all(map(np.array_equal, theirs, ours))
    sleeper = Sleeper()
    rounds = [{name: sleeper.beside(way) for name, way in ways.items()} for _ in range(ROUNDS)]
    for name in ways:
        taken, waited = (median(each[name][place] for each in rounds) for place in (0, 1))
        print(f"{name}: {taken * 1000:.0f} ms, another thread waits {waited * 1000:.0f} ms at the most")
    ratios = [each["np.unique"][0] / each["distinct_pairs"][0] for each in rounds]
    print(f"{median(ratios):.0f} times as fast ({min(ratios):.0f} to {max(ratios):.0f})")


class Sleeper:
    """A thread that wants to be awake every 5 ms."""

    def __init__(self) -> None:
        self._longest = 0.0
        threading.Thread(target=self._sleep, daemon=True).start()

    def beside(self, work: Callable[[], Any]) -> tuple[float, float]:
        """Seconds that the work takes, and the longest that the thread slept meanwhile."""
        self._longest, began = 0.0, time.perf_counter()
        work()
        taken = time.perf_counter() - began
        time.sleep(0.02)  # it tells what it slept when it wakes
        return taken, self._longest

    def _sleep(self) -> None:
        while True:
            began = time.perf_counter()
            time.sleep(0.005)
            self._longest = max(self._longest, time.perf_counter() - began)


if __name__ == "__main__":
    main()
