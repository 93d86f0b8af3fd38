"""Small networks in files, as other programs save them."""

import atexit
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from napari_dacapo.architectures.saved_network import SavedNetwork

FOLDER = tempfile.TemporaryDirectory(prefix="saved-networks-")
atexit.register(FOLDER.cleanup)


def saved_network(dims: int, **fields: Any) -> SavedNetwork:
    """Two valid convolutions, of 3 and of 1, from two channels to three feature maps, as TorchScript."""
    sides: dict[str, Any] = {
        "input_shape": (12,) * dims,
        "lost": (2,) * dims,
        "step": (1,) * dims,
        "sees": (3,) * dims,
        "upsampling": (1,) * dims,
        "eval_shape_increase": (4,) * dims,
    }
    return SavedNetwork(**({"path": str(scripted(dims)), "fmaps_out": 3} | sides | fields))


@cache
def scripted(dims: int, channels: int = 2) -> Path:
    import torch

    place = Path(FOLDER.name) / f"{dims}d-{channels}.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(_module(dims, channels)).save(place)
    return place


@cache
def exported(dims: int) -> Path:
    import torch

    place = Path(FOLDER.name) / f"{dims}d.pt2"
    sizes = {axis: torch.export.Dim(f"size{axis}", min=8, max=4096) for axis in range(2, dims + 2)}
    batch = torch.export.Dim("batch", min=1, max=64)
    program = torch.export.export(
        _module(dims, 2),
        (torch.zeros(2, 2, *range(9, 9 + dims)),),
        dynamic_shapes=({0: batch, **sizes},),
    )
    torch.export.save(program, place)
    return place


def _module(dims: int, channels: int) -> Any:
    import torch
    from torch import nn

    torch.manual_seed(0)
    layer = nn.Conv2d if dims == 2 else nn.Conv3d
    return nn.Sequential(layer(channels, 4, 3), nn.ReLU(), layer(4, 3, 1))
