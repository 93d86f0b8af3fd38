"""The network in a package of bioimage.io."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from napari_dacapo.errors import UserInputError
from napari_dacapo.files import UNZIPPABLE
from napari_dacapo.networks.saved_module import script_in


class Reordered(nn.Module):
    """A network that wants its axes in another order than (b, c, (z,) y, x)."""

    def __init__(self, network: nn.Module, before: tuple[int, ...], after: tuple[int, ...]) -> None:
        super().__init__()
        self.network = network
        self._before = before
        self._after = after

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        output: torch.Tensor = self.network(image.permute(self._before))
        return output.permute(self._after)


def reordered(network: nn.Module, input_axes: str, output_axes: str) -> nn.Module:
    """The network for (b, c, (z,) y, x), itself where it takes and gives that. Both have a letter an axis."""
    usual = "bc" + "".join(sorted(set(input_axes) - {"b", "c"}, reverse=True))
    if sorted(input_axes) != sorted(usual) or sorted(output_axes) != sorted(usual):
        problem = f"its axes are {input_axes} and {output_axes}"
        raise UserInputError("path", input_axes, problem, "Choose a model with batch and channel axes")
    if input_axes == output_axes == usual:
        return network
    before = tuple(usual.index(letter) for letter in input_axes)
    return Reordered(network, before, tuple(output_axes.index(letter) for letter in usual))


def load_model(description: Any, trusted: bool) -> nn.Module:
    """TorchScript where the package has it; else, if it is trusted, its own code with its weights.

    Raises UserInputError where there is neither, nobody trusts it, or its weights are damaged.
    """
    weights = description.weights
    if weights.torchscript is not None:
        return script_in(_content(weights.torchscript, str(description.name)), str(description.name))
    if weights.pytorch_state_dict is None:
        problem = "it has weights for neither TorchScript nor PyTorch"
        raise UserInputError("path", str(description.name), problem, "Choose a model that has")
    if not trusted:
        problem = "this model has no TorchScript; opening it runs code that came with it"
        raise UserInputError("trusted", trusted, problem, "Say yes if you know who made it")
    from bioimageio.core.backends.pytorch_backend import load_torch_model

    network: nn.Module = load_torch_model(weights.pytorch_state_dict, load_state=True, devices=["cpu"])
    return network


def _content(weights: Any, name: str) -> bytes:
    """Of a file of the package; where it tells a hash, that is checked."""
    try:
        content: bytes = weights.get_reader().read()
    except (*UNZIPPABLE, ValueError) as error:
        problem = "its weights are damaged or gone"
        raise UserInputError("path", name, problem, "Copy or download the package again") from error
    return content
