"""Nested dicts, lists, numbers and tensors as JSON and one flat dict of tensors, exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_dacapo.errors import CheckpointError

if TYPE_CHECKING:
    import torch

MARK = "!"  # a JSON object whose only key begins with it stands for what JSON cannot say

# {"betas": (0.9, 0.99), "state": {0: {"step": tensor}}}  becomes
# {"betas": {"!tuple": [0.9, 0.99]}, "state": {"!dict": [[0, {"step": {"!tensor": "0"}}]]}}


def flatten(tree: Any) -> tuple[Any, dict[str, torch.Tensor]]:
    """The tree as JSON values, and the tensors it held by the names it calls them."""
    tensors: dict[str, torch.Tensor] = {}
    return _flat(tree, tensors), tensors


def unflatten(tree: Any, tensors: Mapping[str, torch.Tensor]) -> Any:
    """The tree that `flatten` took apart. Raises CheckpointError where it is no such tree."""
    if isinstance(tree, list):
        return [unflatten(item, tensors) for item in tree]
    if not isinstance(tree, dict):
        return tree
    mark = next(iter(tree), "")
    if not mark.startswith(MARK):
        return {key: unflatten(value, tensors) for key, value in tree.items()}
    return _marked(mark, tree, tensors)


def encode(tensors: Mapping[str, torch.Tensor]) -> bytes:
    """The content of a safetensors file; the same tensors give the same bytes."""
    from safetensors.torch import save

    storages: set[int] = set()
    plain = {}
    for name, tensor in tensors.items():
        plain[name] = tensor.detach().cpu().contiguous()
        storage = plain[name].untyped_storage().data_ptr()
        if storage in storages:  # the format has no word for tensors that share memory
            plain[name] = plain[name].clone()
        storages.add(storage)
    return save(plain)


def decode(content: bytes) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file, on the CPU. Raises CheckpointError where it is none."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(f"This is no safetensors file of weights ({error!s:.120}).") from error


def _flat(tree: Any, tensors: dict[str, torch.Tensor]) -> Any:
    import torch

    if isinstance(tree, torch.Tensor):
        return _placed(tree, tensors)
    if isinstance(tree, tuple):
        return {"!tuple": [_flat(item, tensors) for item in tree]}
    if isinstance(tree, list):
        return [_flat(item, tensors) for item in tree]
    if isinstance(tree, dict):
        return _flat_dict(tree, tensors)
    if isinstance(tree, float) and not math.isfinite(tree):
        return {"!float": str(tree)}
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    raise TypeError(f"A checkpoint holds tensors, numbers and text; {type(tree).__name__} is none of them.")


def _placed(tensor: torch.Tensor, tensors: dict[str, torch.Tensor]) -> dict[str, str]:
    """Remembers channels-last layouts: arithmetic may round otherwise where layouts differ."""
    import torch

    name = str(len(tensors))
    tensors[name] = tensor
    if not tensor.is_contiguous():
        for layout in ("channels_last", "channels_last_3d"):
            dims = 4 if layout == "channels_last" else 5
            if tensor.dim() == dims and tensor.is_contiguous(memory_format=getattr(torch, layout)):
                return {"!tensor": name, "layout": layout}
    return {"!tensor": name}


def _flat_dict(tree: dict[Any, Any], tensors: dict[str, torch.Tensor]) -> dict[str, Any]:
    if all(isinstance(key, str) and not key.startswith(MARK) for key in tree):
        return {key: _flat(value, tensors) for key, value in tree.items()}
    return {"!dict": [[_flat(key, tensors), _flat(value, tensors)] for key, value in tree.items()]}


def _marked(mark: str, tree: dict[str, Any], tensors: Mapping[str, torch.Tensor]) -> Any:
    try:
        match mark:
            case "!tuple":
                return tuple(unflatten(item, tensors) for item in tree[mark])
            case "!dict":
                return {key: unflatten(value, tensors) for key, value in tree[mark]}
            case "!float":
                return float(tree[mark])
            case "!tensor":
                return _laid_out(tensors[tree[mark]], tree.get("layout"))
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"The checkpoint's {mark} {tree[mark]!r:.60} cannot be read.") from error
    raise CheckpointError(f"The checkpoint holds {mark!r:.60}, which this version does not know.")


def _laid_out(tensor: torch.Tensor, layout: str | None) -> torch.Tensor:
    import torch

    formats = {"channels_last": torch.channels_last, "channels_last_3d": torch.channels_last_3d}
    if layout is None:
        return tensor
    return tensor.contiguous(memory_format=formats[layout])
