"""The weights of DaCapo's CNNectomeUNet under the names of our U-Net."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from napari_dacapo.errors import CheckpointError

if TYPE_CHECKING:
    import torch

Tensors = Mapping[str, "torch.Tensor"]

BODY = re.compile(r"(?:(?:architecture|chain\.0)\.)?unet\.(?P<rest>.+)")
HEAD = re.compile(r"(?:prediction_head|chain\.1)\.(?P<tensor>weight|bias)")
PASS = r"conv_pass\.(?P<layer>\d+)\.(?P<tensor>\w+)"
RISE = r"up\.[01]\.(?P<tensor>weight|bias)"  # before it: the repeated voxels, which have no weights
PLACES = (
    # theirs, at a level or as the n-th of what makes the output finer; ours, and the first n of it
    (re.compile(rf"(?:0\.)?l_conv\.(?P<n>\d+)\.{PASS}"), "down", 0, 1),
    (re.compile(rf"(?:0\.)?r_up\.0\.(?P<n>\d+)\.{RISE}"), "rise", 0, 1),
    (re.compile(rf"(?:0\.)?r_conv\.0\.(?P<n>\d+)\.{PASS}"), "up", 0, 1),
    (re.compile(rf"(?P<n>\d+)\.{RISE}"), "finer_rise", 1, 2),
    (re.compile(rf"(?P<n>\d+)\.{PASS}"), "finer_up", 2, 2),
)
REFUSED = {
    r"attention\.": "its attention gates work on the coarser grid, ours on the finer one",
    r"r_(up|conv)\.[1-9]": "it has several ways up (num_heads)",
}


def body_and_head(tensors: Tensors) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """The weights of a DaCapo model, those of the U-Net with `wide_last_rise` and those of the last layer.

    Raises CheckpointError where they are of a network that has no counterpart here.
    """
    theirs = {found["rest"]: tensors[name] for name in tensors if (found := BODY.fullmatch(name))}
    head = {found["tensor"]: tensors[name] for name in tensors if (found := HEAD.fullmatch(name))}
    if not theirs or not head:
        raise CheckpointError(
            "These are no weights of a DaCapo run with a CNNectomeUNet. Choose another file."
        )
    normalized = any(name.endswith("running_mean") for name in theirs)
    body = {_renamed(name, normalized): tensor for name, tensor in theirs.items()}
    return _without_needless_biases(body), head


def _renamed(name: str, normalized: bool) -> str:
    for pattern, part, first, every in PLACES:
        if found := pattern.fullmatch(name):
            place = f"{part}.{(int(found['n']) - first) // every}"
            layer = found.groupdict().get("layer")
            inside = "project" if layer is None else _layer(int(layer), normalized)
            return f"{place}.{inside}.{found['tensor']}"
    known = (why for pattern, why in REFUSED.items() if re.match(rf"(0\.)?{pattern}", name))
    why = next(known, f"it has {name[:60]!r}, which CNNectomeUNet does not have")
    raise CheckpointError(f"These weights of DaCapo have no counterpart here: {why}. Train anew.")


def _layer(place: int, normalized: bool) -> str:
    """The layers of a pass stand in the order convolution, (normalisation,) ReLU."""
    period = 3 if normalized else 2
    return f"{'convolution' if place % period == 0 else 'normalization'}{place // period}"


def _without_needless_biases(body: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What a convolution adds, the normalisation behind it takes away: here, of its running mean."""
    for name in [name for name in body if name.endswith("running_mean")]:
        convolution = name.replace("normalization", "convolution").removesuffix("running_mean")
        body[name] = body[name] - body.pop(f"{convolution}bias")
    return body
