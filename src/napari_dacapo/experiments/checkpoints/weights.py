"""Weights of one network taken over by another, or refused before anything is changed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dacapo.errors import CheckpointError
from napari_dacapo.experiments.checkpoints.checkpoint_folder import MANIFEST, CheckpointFolder
from napari_dacapo.experiments.checkpoints.tensor_tree import decode

if TYPE_CHECKING:
    import torch
    from torch import nn

Tensors = Mapping[str, "torch.Tensor"]

LARGEST_RATIO = 4  # a file may have this many times the bytes the network's weights have
SHOWN = 2  # names in a message; the notes of the error hold them all


def load_weights_into(network: nn.Module, weights: Tensors) -> None:
    """Copy all weights into the network.

    Raises CheckpointError with the table of differences where names or shapes differ; the network is
    untouched then.
    """
    found = differences(network.state_dict(), weights)
    if found:
        raise _misfit(found)
    network.load_state_dict(dict(weights))


def size_of(network: nn.Module) -> int:
    """Bytes of its weights."""
    return sum(tensor.nbytes for tensor in network.state_dict().values())


def differences(own: Tensors, other: Tensors) -> list[str]:
    """A line for each tensor that is not in both with the same shape."""
    lines = []
    for name in dict.fromkeys((*own, *other)):
        here, there = _shape(own.get(name)), _shape(other.get(name))
        if here != there:
            lines.append(f"{name} is {there}, wanted {here}")
    return lines


def load_optimizer_into(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Go on with an optimiser's saved state.

    Raises CheckpointError where it is the state of another optimiser or of other weights; the optimiser
    is untouched then.
    """
    same_groups = _groups(state) == _groups(optimizer.state_dict())
    if not same_groups or not _moments_fit(optimizer, state):
        raise CheckpointError(
            "The saved state of the optimiser does not fit: it is of another kind or has other weights. "
            "Make a new run that starts from these weights instead of resuming."
        )
    optimizer.load_state_dict(state)


def match_head(
    network: nn.Sequential,
    weights: Tensors,
    own_channels: Sequence[str],
    other_channels: Sequence[str],
    origin: str,
    head: str = "head.",
) -> str:
    """Take over what fits of another network's weights, and say what was taken and what stays fresh.

    Tensors of equal name and shape are taken whole. Those whose name begins with `head` have a row per
    channel: a row is taken where the other network has a channel of that name. Where the other's channels
    are unknown (empty), its head is taken only if its shapes are equal. Raises CheckpointError where
    nothing fits; the network is untouched then.
    """
    own = network.state_dict()
    channels = _Channels.shared(own_channels, other_channels, head)
    taken = {name: fitted for name in own if (fitted := channels.fit(name, own[name], weights)) is not None}
    if not taken:
        raise _misfit(differences(own, weights))
    network.load_state_dict({**own, **taken})
    fresh = [name for name in own if name not in taken]
    return _report(origin, taken, fresh, own_channels, channels)


def read_weights(path: Path, expected_bytes: int | None = None) -> dict[str, torch.Tensor]:
    """The weights in a .safetensors file or in a checkpoint's folder, on the CPU.

    Nothing is unpickled: files of torch.save and TorchScript are refused with how to convert them, files
    of more than four times `expected_bytes` with their size. Raises CheckpointError.
    """
    at_most = None if expected_bytes is None else LARGEST_RATIO * expected_bytes
    if (path / MANIFEST).is_file():
        folder = CheckpointFolder(path)
        return decode(folder.content("weights", folder.manifest(), at_most))
    if not path.is_file():
        raise CheckpointError(f"No weights lie at {path}. Choose a .safetensors file or a checkpoint.")
    size = path.stat().st_size
    if at_most is not None and size > at_most:
        raise CheckpointError(f"{path} has {size:,} bytes, this network's weights at most {at_most:,}.")
    with path.open("rb") as file:
        if int.from_bytes(file.read(8), "little") > size:  # a safetensors file begins with a header's length
            raise CheckpointError(_how_to_convert(path))
    return decode(path.read_bytes())


@dataclass(frozen=True, slots=True)
class _Channels:
    """Which rows of two heads have the same name."""

    head: str  # how the names of a head's tensors begin
    counts: tuple[int, int]  # of channels here and there
    rows: dict[str, tuple[int, int]]  # by name, here and there

    @classmethod
    def shared(cls, own: Sequence[str], other: Sequence[str], head: str) -> _Channels:
        rows = {name: (own.index(name), other.index(name)) for name in own if name in other}
        return cls(head, (len(own), len(other)), rows)

    def fit(self, name: str, own: torch.Tensor, weights: Tensors) -> torch.Tensor | None:
        """The network's tensor with what fits of the other's in it; None where nothing fits."""
        other = weights.get(name)
        if other is None:
            return None
        if self._has_row_per_channel(name, own, other):
            return self._with_rows(own, other) if self.rows else None
        return other if own.shape == other.shape else None

    def _has_row_per_channel(self, name: str, own: torch.Tensor, other: torch.Tensor) -> bool:
        if not name.startswith(self.head) or not own.dim() or not other.dim():
            return False
        same_rows = own.shape[1:] == other.shape[1:]
        return same_rows and (own.shape[0], other.shape[0]) == self.counts

    def _with_rows(self, own: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        fitted = own.clone()
        for here, there in self.rows.values():
            fitted[here] = other[there].to(fitted)
        return fitted


def _report(
    origin: str, taken: Tensors, fresh: Sequence[str], own_channels: Sequence[str], channels: _Channels
) -> str:
    layers, begun = _layers((*taken, *fresh)), _layers(fresh)
    new = [name for name in own_channels if name not in channels.rows] if channels.counts[1] else []
    if not begun and not new:
        return f"All weights were taken over from {origin}."
    count = f"{len(layers) - len(begun)} of {len(layers)}"
    sentences = [f"The weights of {count} layers were taken over from {origin}."]
    if begun:
        sentences.append(f"Others begin at random: {_first(begun)}.")
    if new:
        sentences.append(f"New channels begin at random: {_first(new)}.")
    return " ".join(sentences)


def _layers(names: Iterable[str]) -> list[str]:
    """Each has a weight, a bias and so on."""
    return list(dict.fromkeys(name.rpartition(".")[0] for name in names))


def _misfit(lines: Sequence[str]) -> CheckpointError:
    error = CheckpointError(
        f"These weights are of another network, {len(lines)} of them differ: {_first(lines)}. "
        "To take over what fits, make a new run that starts from them."
    )
    for line in lines:
        error.add_note(line)
    return error


def _first(names: Sequence[str]) -> str:
    shown = "; ".join(names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown} and {len(names) - SHOWN} more"


def _shape(tensor: torch.Tensor | None) -> str:
    return "missing" if tensor is None else str(tuple(tensor.shape))


def _groups(state: Mapping[str, Any]) -> list[tuple[set[str], int]]:
    return [(set(group), len(group["params"])) for group in state["param_groups"]]


def _moments_fit(optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> bool:
    """Whether running means have the shapes of the weights they belong to."""
    weights = dict(enumerate(weight for group in optimizer.param_groups for weight in group["params"]))
    for index, values in state["state"].items():
        shapes = {tuple(value.shape) for value in values.values() if getattr(value, "ndim", 0)}
        if index not in weights or shapes - {tuple(weights[index].shape)}:
            return False
    return True


def _how_to_convert(path: Path) -> str:
    save = "safetensors.torch.save_file({}, 'weights.safetensors')"
    if _is_torchscript(path):
        weights = "torch.jit.load(FILE).state_dict()"
        return f"{path} is a TorchScript module. Export its weights: {save.format(weights)}."
    weights = "torch.load(FILE, weights_only=True)"
    return (
        f"{path} is no safetensors file; a pickle may run any code and is not opened. "
        f"If you trust it, convert it: {save.format(weights)}; of a whole module, its state_dict()."
    )


def _is_torchscript(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any("/code/" in name for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False
