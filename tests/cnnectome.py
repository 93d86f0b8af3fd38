"""DaCapo's CNNectomeUNet in plain torch: names and shapes of its weights as release 0.3.5 stores them,
what it computes from them, and checkpoints as it writes them. It needs torch and numpy alone.
"""

import sys
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path
from types import ModuleType
from unittest.mock import patch

import numpy as np
import torch
from torch.nn import functional

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Cnnectome:
    """One network with its head; two convolutions of 3 at each level."""

    input_shape: Shape
    downsample_factors: tuple[Shape, ...]
    upsample_factors: tuple[Shape, ...] = ()
    constant_upsample: bool = True
    padding: str = "valid"
    batch_norm: bool = False
    fmaps_in: int = 1
    head: Shape = (2, 1)  # channels, and the side of its kernel
    num_fmaps: int = 2
    fmap_inc_factor: int = 2
    fmaps_out: int = 3

    @property
    def dims(self) -> int:
        return len(self.input_shape)

    def layout(self) -> dict[str, Shape]:
        """The shape of each tensor, in the order in which they are stored."""
        main = "unet.0" if self.upsample_factors else "unet"
        levels = len(self.downsample_factors)
        fmaps = [self.num_fmaps * self.fmap_inc_factor**level for level in range(levels + 1)]
        found: dict[str, Shape] = {}
        for level, (before, after) in enumerate(pairwise([self.fmaps_in, *fmaps])):
            found |= self._pass(f"{main}.l_conv.{level}", before, after)
        risen = [fmaps[1], *fmaps[1:-1]]  # the last way up does not contract
        for level, factors in enumerate(self.downsample_factors):
            found |= self._rise(f"{main}.r_up.0.{level}.up", fmaps[level + 1], risen[level], factors)
        for level in range(levels):
            out = fmaps[level] if level else self.fmaps_out
            found |= self._pass(f"{main}.r_conv.0.{level}", fmaps[level] + risen[level], out)
        for number in range(len(self.upsample_factors)):
            point = (self.fmaps_out, self.fmaps_out, *(1,) * self.dims)
            found |= {
                f"unet.{2 * number + 1}.up.1.weight": point,
                f"unet.{2 * number + 1}.up.1.bias": point[:1],
            }
            found |= self._pass(f"unet.{2 * number + 2}", self.fmaps_out, self.fmaps_out)
        channels, side = self.head
        head = {"weight": (channels, self.fmaps_out, *(side,) * self.dims), "bias": (channels,)}
        twice = {"architecture": "prediction_head", "chain.0": "chain.1"}  # every tensor has two names
        return {
            name: shape
            for body, last in twice.items()
            for name, shape in (
                *((f"{body}.{name}", shape) for name, shape in found.items()),
                *((f"{last}.{name}", shape) for name, shape in head.items()),
            )
        }

    def weights(self) -> dict[str, torch.Tensor]:
        """Numbers that are the same on every machine."""
        layout = self.layout()
        once = {name: shape for name, shape in layout.items() if not name.startswith("chain")}
        filled = {name: _filled(name, shape, n) for n, (name, shape) in enumerate(once.items(), 1)}
        return filled | dict(zip((n for n in layout if n not in once), filled.values(), strict=True))

    def image(self) -> torch.Tensor:
        shape = (1, self.fmaps_in, *self.input_shape)
        values = 0.5 + 0.5 * np.sin(0.37 * np.arange(prod(shape)) ** 1.1)
        return torch.from_numpy(values.reshape(shape).astype(np.float32))

    def output(self) -> torch.Tensor:
        """Of the head, without activation, in evaluation mode."""
        weights = self.weights()
        body = {name.removeprefix("architecture."): tensor for name, tensor in weights.items()}
        main = "unet.0" if self.upsample_factors else "unet"
        features, kept = self.image(), []
        for level, factors in enumerate(self.downsample_factors):
            kept.append(self._convolved(body, f"{main}.l_conv.{level}", features))
            features = (functional.max_pool2d, functional.max_pool3d)[self.dims - 2](kept[-1], factors)
        features = self._convolved(body, f"{main}.l_conv.{len(kept)}", features)
        for level in reversed(range(len(kept))):
            factors = self.downsample_factors[level]
            risen = self._risen(body, f"{main}.r_up.0.{level}.up", features, factors)
            period = [prod(each) for each in zip(*self.downsample_factors[level:], strict=True)]
            risen = _middle(
                risen, [(n - 4) // p * p + 4 for n, p in zip(risen.shape[2:], period, strict=True)]
            )
            joined = torch.cat([_middle(kept[level], list(risen.shape[2:])), risen], 1)
            features = self._convolved(body, f"{main}.r_conv.0.{level}", joined)
        for number, factors in enumerate(self.upsample_factors):
            place = f"unet.{2 * number + 1}.up.1"
            finer = functional.interpolate(features, scale_factor=tuple(map(float, factors)))
            finer = functional.relu(self._convolution(body, place, finer))
            features = self._convolved(body, f"unet.{2 * number + 2}", finer, padded=False)
        return self._convolution(weights, "prediction_head", features)

    def _pass(self, name: str, before: int, after: int) -> dict[str, Shape]:
        found: dict[str, Shape] = {}
        for place, channels in enumerate((before, after)):
            layer = f"{name}.conv_pass.{place * (3 if self.batch_norm else 2)}"
            found[f"{layer}.weight"] = (after, channels, *(3,) * self.dims)
            found[f"{layer}.bias"] = (after,)
            if self.batch_norm:
                norm = f"{name}.conv_pass.{3 * place + 1}"
                found |= {
                    f"{norm}.{part}": (after,) for part in ("weight", "bias", "running_mean", "running_var")
                }
                found[f"{norm}.num_batches_tracked"] = ()
        return found

    def _rise(self, name: str, before: int, after: int, factors: Shape) -> dict[str, Shape]:
        constant = (after, before, *(1,) * self.dims)
        weight = constant if self.constant_upsample else (before, after, *factors)
        layer = 1 if self.constant_upsample else 0
        return {f"{name}.{layer}.weight": weight, f"{name}.{layer}.bias": (after,)}

    def _convolved(
        self, weights: dict[str, torch.Tensor], name: str, features: torch.Tensor, padded: bool = True
    ) -> torch.Tensor:
        padding = 1 if padded and self.padding == "same" else 0
        for place in range(2):
            layer = place * (3 if self.batch_norm else 2)
            features = self._convolution(weights, f"{name}.conv_pass.{layer}", features, padding)
            if self.batch_norm:
                norm = f"{name}.conv_pass.{layer + 1}."
                parts = ("running_mean", "running_var", "weight", "bias")
                features = functional.batch_norm(features, *(weights[norm + part] for part in parts))
            features = functional.relu(features)
        return features

    def _risen(
        self, weights: dict[str, torch.Tensor], name: str, features: torch.Tensor, factors: Shape
    ) -> torch.Tensor:
        if self.constant_upsample:
            large = functional.interpolate(features, scale_factor=tuple(map(float, factors)))
            return functional.relu(self._convolution(weights, f"{name}.1", large))
        transposed = (functional.conv_transpose2d, functional.conv_transpose3d)[self.dims - 2]
        return functional.relu(
            transposed(features, weights[f"{name}.0.weight"], weights[f"{name}.0.bias"], stride=factors)
        )

    def _convolution(
        self, weights: dict[str, torch.Tensor], name: str, features: torch.Tensor, padding: int = 0
    ) -> torch.Tensor:
        convolve = (functional.conv2d, functional.conv3d)[self.dims - 2]
        return convolve(features, weights[f"{name}.weight"], weights[f"{name}.bias"], padding=padding)


def save_checkpoint(path: Path, weights: dict[str, torch.Tensor]) -> None:
    """As DaCapo does: an object of a class of its own, pickled."""
    module = ModuleType("dacapo.store.weights_store")
    kind = type("Weights", (), {"__module__": module.__name__})
    module.Weights = kind
    stored = kind()
    stored.model, stored.optimizer = weights, {"state": {}, "param_groups": []}
    packages = {name: ModuleType(name) for name in ("dacapo", "dacapo.store")}
    path.parent.mkdir(parents=True, exist_ok=True)
    with patch.dict(sys.modules, {**packages, module.__name__: module}):
        torch.save(stored, path)


def _filled(name: str, shape: Shape, number: int) -> torch.Tensor:
    if name.endswith("num_batches_tracked"):
        return torch.tensor(7)
    waves = np.sin(number + 1.7 * np.arange(prod(shape)))
    scale = 2.0 / np.sqrt(prod(shape[1:])) if len(shape) > 1 else 0.2
    values = 1.0 + 0.5 * waves if name.endswith("running_var") else scale * waves
    return torch.from_numpy(values.reshape(shape).astype(np.float32))


def _middle(features: torch.Tensor, shape: list[int]) -> torch.Tensor:
    begins = [(have - want) // 2 for have, want in zip(features.shape[2:], shape, strict=True)]
    return features[(..., *(slice(b, b + n) for b, n in zip(begins, shape, strict=True)))]
