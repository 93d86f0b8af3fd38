"""How much memory there is, and what to do when it does not suffice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psutil

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.errors import UserInputError

if TYPE_CHECKING:
    import torch

MOST_HALVINGS = 3
# cuDNN finds no way to compute a convolution where none of those it knows has room for its workspace
NO_MEMORY = ("can't allocate memory", "to find an engine", "find a valid cuDNN algorithm", "ALLOC_FAILED")


@dataclass(frozen=True, slots=True)
class TrainingSize:
    """How much one training step computes at once."""

    batch_size: int
    input_shape: Voxels

    def smaller(self, architecture: Architecture) -> Iterator[TrainingSize]:
        """The next sizes to try: half the batch, and at a batch of one half the patch; at most three."""
        size = self
        for _ in range(MOST_HALVINGS):
            halved = size._halved(architecture)
            if halved is None:
                return
            size = halved
            yield size

    def _halved(self, architecture: Architecture) -> TrainingSize | None:
        if self.batch_size > 1:
            return replace(self, batch_size=self.batch_size // 2)
        half = tuple(n // 2 if n > 1 else n for n in self.input_shape)
        try:
            shape = architecture.nearest_input_shape(half)
        except UserInputError:
            return None
        if all(new >= old for new, old in zip(shape, self.input_shape, strict=True)):
            return None
        return replace(self, input_shape=shape)


def device_memory(device: torch.device) -> int:
    """Bytes of the GPU; of the whole machine for a CPU."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return int(psutil.virtual_memory().total)


def used_memory(device: torch.device) -> int:
    """Bytes of a GPU that this process uses; of the machine for a CPU."""
    import torch

    if device.type == "cuda":
        return int(torch.cuda.memory_reserved(device))
    return int(psutil.Process().memory_info().rss)


def free_memory() -> int:
    """Bytes of this machine that programs may still take."""
    return int(psutil.virtual_memory().available)


def is_out_of_memory(error: RuntimeError) -> bool:
    """CUDA has a class for it; the CPU's allocator, cuDNN and cuBLAS have only words."""
    import torch

    return isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in NO_MEMORY)


def memory_can_run_out(device: torch.device) -> bool:
    """Whether an allocation on the device fails; the CPU's system ends the process instead."""
    return device.type == "cuda"
