"""Small networks in files, as other programs save them."""

import atexit
import json
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from napari_dacapo.architectures.bioimageio_model import BioimageioModel
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
    return save_scripted(_module(dims, channels), Path(FOLDER.name) / f"{dims}d-{channels}.pt")


def save_scripted(module: Any, place: Path) -> Path:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(module).save(place)
    return place


def bioimageio_model(dims: int) -> BioimageioModel:
    """The same in a package of bioimage.io; its shapes are 12, 14, 16 and so on along each axis."""
    shape = (12,) * dims
    return BioimageioModel(path=str(packaged(dims)), input_shape=shape, eval_shape_increase=(4,) * dims)


@cache
def packaged(dims: int) -> Path:
    import numpy as np

    folder = Path(FOLDER.name) / f"{dims}d-package"
    folder.mkdir()
    (folder / "weights.pt").write_bytes(scripted(dims).read_bytes())
    np.save(folder / "in.npy", np.zeros((1, 2, *(12,) * dims), np.float32))
    np.save(folder / "out.npy", np.zeros((1, 3, *(10,) * dims), np.float32))
    (folder / "rdf.yaml").write_text(json.dumps(_description("zyx"[-dims:])))
    return folder


def _description(axes: str) -> dict[str, Any]:
    channels = {name: {"type": "channel", "channel_names": list(name)} for name in ("ab", "uvw")}
    free: list[dict[str, Any]] = [
        {"type": "space", "id": axis, "size": {"min": 12, "step": 2}} for axis in axes
    ]
    less: list[dict[str, Any]] = [
        {"type": "space", "id": axis, "size": {"tensor_id": "raw", "axis_id": axis, "offset": -2}}
        for axis in axes
    ]
    return {
        "type": "model",
        "format_version": "0.5.12",
        "name": "two convolutions",
        "description": "for tests",
        "authors": [{"name": "A. L."}],
        "license": "MIT",
        "inputs": [
            {
                "id": "raw",
                "axes": [{"type": "batch"}, channels["ab"], *free],
                "data": {"type": "float32"},
                "test_tensor": {"source": "in.npy"},
            }
        ],
        "outputs": [
            {
                "id": "features",
                "axes": [{"type": "batch"}, channels["uvw"], *less],
                "data": {"type": "float32"},
                "test_tensor": {"source": "out.npy"},
            }
        ],
        "weights": {"torchscript": {"source": "weights.pt", "pytorch_version": "2.10.0"}},
    }


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
