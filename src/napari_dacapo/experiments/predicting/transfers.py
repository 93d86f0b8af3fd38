"""Taking blocks to a device and predictions back, beside what the device computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_dacapo.experiments.compute import Compute

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Returning:
    """A prediction on its way back."""

    there: torch.Tensor  # not freed before it is copied
    here: torch.Tensor
    copied: torch.cuda.Event | None

    def array(self) -> NDArray[np.float32]:
        """Waits until it is here, for a GPU without using the processor."""
        if self.copied is not None:
            self.copied.synchronize()
        found: NDArray[np.float32] = self.here.numpy()
        return found


class Transfers:
    """Copies between the memory of the machine and that of a device.

    A GPU computes and copies in both directions at once, where the copies have streams of their own and
    page-locked memory. A CPU has nothing to copy.
    """

    def __init__(self, compute: Compute) -> None:
        import torch

        self._compute = compute
        self._streams: tuple[torch.cuda.Stream, ...] = ()
        if compute.device.type == "cuda":
            self._streams = tuple(torch.cuda.Stream(compute.device) for _ in range(2))  # type: ignore[no-untyped-call]

    def bring(self, batch: NDArray[np.float32]) -> torch.Tensor:
        """(b, c, (z,) y, x) in the layout of the network; it is there when this returns."""
        import torch

        if not self._streams:
            return self._compute.tensor(batch)
        coming, _ = self._streams
        with torch.cuda.stream(coming):
            tensor = self._compute.tensor(batch)
            arrived = coming.record_event(_awaited())
        arrived.synchronize()
        tensor.record_stream(torch.cuda.current_stream(self._compute.device))  # who reads it, dropped or not
        return tensor

    def send_back(self, values: torch.Tensor) -> Returning:
        """Begins with it when the device has computed `values`; what it computes afterwards does not wait."""
        import torch

        if not self._streams:
            return Returning(values, values, None)
        _, going = self._streams
        going.wait_stream(torch.cuda.current_stream(self._compute.device))
        with torch.cuda.stream(going):
            here = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
            here.copy_(values, non_blocking=True)
            return Returning(values, here, going.record_event(_awaited()))


def _awaited() -> torch.cuda.Event:
    """Who waits for it sleeps."""
    import torch

    return torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
