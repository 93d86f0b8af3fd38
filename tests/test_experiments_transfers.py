"""Blocks are taken to a device and back while it computes others."""

import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from torch import nn

from napari_dacapo.experiments.compute import choose_compute
from napari_dacapo.experiments.predicting.predict import forward_of
from napari_dacapo.experiments.predicting.transfers import Transfers

SECONDS = 20


class Waiting(nn.Module):
    """Does not compute the first block before the second one has been brought."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.brought = threading.Semaphore(0)
        self.computing = 0
        self.most = 0

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        self.computing += 1
        self.most = max(self.most, self.computing)
        assert self.brought.acquire(timeout=SECONDS)
        self.computing -= 1
        return batch.expand(-1, self.channels, *(-1,) * (batch.ndim - 2))


def test_one_block_is_computed_at_a_time_while_the_next_is_brought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tiny.run(tmp_path)
    network = Waiting(len(run.task.channel_names(3)))
    bring, calls = Transfers.bring, iter(range(3))

    def noted(self: Transfers, batch):
        tensor = bring(self, batch)
        for _ in range(next(calls)):  # 0, 1 and 2: the last block waits for none
            network.brought.release()
        return tensor

    monkeypatch.setattr(Transfers, "bring", noted)
    forward = forward_of(run, network, choose_compute("cpu", "float32", 3))
    blocks = [np.full((4, 4, 4), each, np.float32) for each in (-1.0, 0.0, 1.0)]
    with ThreadPoolExecutor(3) as threads:
        predictions = list(threads.map(forward, blocks))
    assert network.most == 1
    for block, prediction in zip(blocks, predictions, strict=True):
        np.testing.assert_allclose(
            prediction, 1 / (1 + np.exp(-block))[None].repeat(len(prediction), 0), rtol=1e-5
        )


class Failing(nn.Module):
    """Runs out of memory over the first block."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.taken: weakref.ref[torch.Tensor] | None = None
        self.left: Any = None  # of the first block's memory when the second one is computed

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        features = batch.expand(-1, self.channels, *(-1,) * (batch.ndim - 2)).clone()
        if self.taken is None:
            self.taken = weakref.ref(features)
            raise torch.OutOfMemoryError("CUDA out of memory")
        self.left = self.taken()
        return features


def test_what_a_block_took_that_failed_is_given_back_before_the_next_is_computed(tmp_path: Path) -> None:
    run = tiny.run(tmp_path)
    network = Failing(len(run.task.channel_names(3)))
    forward = forward_of(run, network, choose_compute("cpu", "float32", 3))
    block = np.zeros((4, 4, 4), np.float32)
    failed = False
    try:
        forward(block)
    except torch.OutOfMemoryError:  # pytest.raises would keep what it took
        failed = True
    assert failed and forward(block).shape == (network.channels, 4, 4, 4)
    assert network.taken is not None and network.left is None
