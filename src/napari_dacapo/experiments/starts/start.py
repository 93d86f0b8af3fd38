"""Where a run starts."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from napari_dacapo.config import Family

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class TrainedWeights:
    """Weights of another network, and what the channels of its head are called."""

    origin: str  # how a message names them
    tensors: dict[str, torch.Tensor]
    channel_names: tuple[str, ...]  # empty: unknown, the head is taken over only where its shape is equal


class Start(Family):
    """Where a run starts. Heads are matched by the names of their channels."""

    @abstractmethod
    def weights(self, root: Path, own_bytes: int) -> TrainedWeights | None:
        """The weights to begin with; None for fresh ones. `root` is the workspace's folder.

        `own_bytes` is the size of the weights that begin: a file of far more is not read.
        Raises CheckpointError or UserInputError where there are none.
        """

    def renamed(self, run: str, new_name: str) -> Self:
        """The same start where a run got another name; itself if it does not begin with that one."""
        return self
