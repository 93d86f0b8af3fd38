"""Where and how exactly a network computes."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from napari_dacapo.errors import UserInputError

if TYPE_CHECKING:
    import torch

MOST_FEEDERS = 8  # threads

Precision = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True, slots=True)
class Compute:
    """A device, the precision of the arithmetic on it, and the layout of its tensors."""

    device: torch.device
    dtype: torch.dtype
    memory_format: torch.memory_format
    repeatable: bool = False  # another process gets the same bits

    def for_prediction(self, dims: int) -> Compute:
        """The same, repeatable, with channels last: CPUs too predict faster with it in float32."""
        return replace(self, memory_format=_channels_last(dims), repeatable=True)

    def suited_to(self, network: torch.nn.Module) -> Compute:
        """The same with channels first where the network has normalisations that give nothing else back.

        On a GPU, those of groups and instances do; between channels last, each would cost two conversions
        (pytorch issues 59168 and 111824).
        """
        import torch
        from torch import nn

        first = (nn.GroupNorm, nn.InstanceNorm2d, nn.InstanceNorm3d)
        if self.device.type != "cuda" or not any(isinstance(each, first) for each in network.modules()):
            return self
        return replace(self, memory_format=torch.contiguous_format)

    def autocast(self) -> AbstractContextManager[Any]:
        """Runs convolutions in `dtype`; weights and the loss stay float32."""
        import torch

        if self.device.type == "cuda":
            self._choose_algorithms()
        if self.dtype is torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, self.dtype)

    def _choose_algorithms(self) -> None:
        """Training tries which convolution is the fastest, once, as patches have one shape.

        The winner is another one in another process, so a volume that is gone on with is predicted with those
        that cuDNN proposes. What is to be float32 is not rounded to the ten bits of TF32.
        """
        import torch

        torch.backends.cudnn.benchmark = not self.repeatable
        torch.backends.cudnn.deterministic = self.repeatable
        torch.backends.cudnn.allow_tf32 = False

    def place(self, network: torch.nn.Module) -> torch.nn.Module:
        """The network on the device, in the layout convolutions are fastest in."""
        return network.to(self.device).to(memory_format=self.memory_format)  # type: ignore[call-overload, no-any-return]

    def tensor(self, array: Any) -> torch.Tensor:
        """A batch (b, c, (z,) y, x) on the device, in the layout of the network."""
        import torch

        tensor = torch.from_numpy(array)
        if self.device.type == "cuda":
            tensor = tensor.pin_memory()
        return tensor.to(self.device, memory_format=self.memory_format, non_blocking=True)

    @property
    def feeders(self) -> int:
        """Threads that prepare what is computed next: beside a GPU, those that a CPU would compute with."""
        import torch

        return min(MOST_FEEDERS, torch.get_num_threads()) if self.device.type == "cuda" else 1

    def release(self) -> None:
        """Give the device's cached memory back to other programs."""
        if self.device.type == "cuda":
            release_memory()


def release_memory() -> None:
    """Give what networks that are gone have left cached on GPUs back to other programs."""
    import torch

    torch.cuda.empty_cache()  # does nothing where no GPU was used


def prepare_torch(threads: int | None = None) -> None:
    """Import torch with threads that sleep while they wait; a busy wait starves a shared machine.

    Large tensors get pages of 2 MiB where Linux has them on request only, as Ubuntu does: with pages of
    4 KiB, a third of the time of a 3D network went into asking for 300,000 of them with every block.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch looks when it first needs memory
    import torch

    if threads is not None:
        torch.set_num_threads(threads)


def choose_compute(device: str, precision: Precision, dims: int) -> Compute:
    """The device of that name ("auto" takes the GPU where there is one) with the precision it gains from.

    Raises UserInputError for a device this machine does not have.
    """
    found = _device(device)
    dtype = _dtype(found, precision)
    return Compute(found, dtype, _layout(found, dtype, dims))


def _device(name: str) -> torch.device:
    import torch

    known = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    if name == "auto":
        return torch.device(known[1] if len(known) > 1 else "cpu")
    if name == "cuda" and len(known) > 1:
        name = "cuda:0"
    if name not in known:
        raise UserInputError("device", name, "this machine has no such device", f"Choose: {', '.join(known)}")
    return torch.device(name)


def _dtype(device: torch.device, precision: Precision) -> torch.dtype:
    import torch

    if precision != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[precision]
    if device.type == "cuda":
        return _gpu_gains_from(device)
    return torch.bfloat16 if _cpu_gains_from_bfloat16() else torch.float32


def _gpu_gains_from(device: torch.device) -> torch.dtype:
    """Generation 8 (Ampere) has bfloat16; 7 (Volta, Turing) emulates it; 6 is slow in float16 as well."""
    import torch

    generation, _ = torch.cuda.get_device_capability(device)
    if generation >= 8:
        return torch.bfloat16
    return torch.float16 if generation == 7 else torch.float32


def _layout(device: torch.device, dtype: torch.dtype, dims: int) -> torch.memory_format:
    """Channels last, except on CPUs that compute in float32: most of their gradients are slower with it."""
    import torch

    if device.type == "cpu" and dtype is torch.float32:
        return torch.contiguous_format
    return _channels_last(dims)


def _channels_last(dims: int) -> torch.memory_format:
    import torch

    return torch.channels_last if dims == 2 else torch.channels_last_3d


def _cpu_gains_from_bfloat16() -> bool:
    """Only with instructions for it; emulated bfloat16 is slower than float32."""
    import torch

    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
