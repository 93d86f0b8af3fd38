"""How a network learns."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from napari_dacapo.augments.augment import Augment
from napari_dacapo.augments.elastic import Elastic
from napari_dacapo.augments.intensity_scale_shift import IntensityScaleShift
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.augments.transpose import Transpose
from napari_dacapo.config import Config

if TYPE_CHECKING:
    import torch

Interval = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Trainer(Config):
    """How a network learns: which patches it sees, how they are varied, and how weights follow."""

    augments: tuple[Augment, ...] = (Mirror(), Transpose(), Elastic(probability=0.5), IntensityScaleShift())
    "Random changes of every patch, in this order; the spatial ones come first and become one resampling."

    batch_size: Annotated[int, Field(ge=1, le=4096)] = 1
    "Patches per iteration."

    accumulate: Annotated[int, Field(ge=1, le=1024)] = 1
    "Batches whose gradients make one step: like a batch so many times larger, in the memory of one."

    learning_rate: Annotated[float, Field(gt=0.0, le=10.0)] = 1e-3
    "How far weights follow the gradient, at the most."

    optimizer: Literal["RAdam", "AdamW", "SGD"] = "RAdam"
    "How weights follow the gradient."

    weight_decay: Annotated[float, Field(ge=0.0, le=1.0)] = 1e-4
    "How strongly weights are drawn to 0, independent of the gradient (SGD: added to it)."

    momentum: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.9
    "How much of the last step goes on into the next; SGD only."

    warmup_iterations: Interval = 100
    "Iterations over which the learning rate rises from near 0."

    schedule: Literal["constant", "linear", "cosine"] = "constant"
    "How the learning rate falls after the warm-up, to 0 at the run's end."

    clip_gradient_norm: Annotated[float, Field(gt=0.0)] | None = 10.0
    "Longer gradients are shortened to this; nothing: never."

    average_decay: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    "Judge and keep the running mean of the weights, of which this much stays each step; 0: not. Try 0.999."

    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    "Number format of the convolutions; auto takes the one the device is fastest with."

    sampling: Literal["uniform", "labelled"] = "labelled"
    "Where patches of datasets without points of their own are taken: anywhere, or where labels are."

    min_labelled: Annotated[float, Field(ge=0.0, le=1.0)] = 0.15
    "For labelled sampling: the part of a patch to be labelled, where a dataset has that much on average."

    loader_threads: Annotated[int, Field(ge=0, le=64)] | None = None
    "Threads that prepare patches while the network computes; 0: in between; nothing: 1, up to 8 for a GPU."

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    "Everything random follows from it: the same seed gives the same run."

    snapshot_interval: Interval = 100
    "Iterations from one stored patch with its prediction to the next; 0: never."

    checkpoint_interval: Interval = 500
    "Iterations from one checkpoint to the next; besides, one is written every five minutes."

    def learning_rate_at(self, iteration: int, iterations: int) -> float:
        """The learning rate of an iteration, counted from 0, of a run of so many iterations.

        With a warm-up of 100 and 1e-3, iteration 49 has 0.5e-3 and iteration 99 the whole.
        """
        warm = min(1.0, (iteration + 1) / self.warmup_iterations) if self.warmup_iterations else 1.0
        span = max(1, iterations - self.warmup_iterations)
        done = min(1.0, max(0, iteration - self.warmup_iterations) / span)
        fall = {"constant": 1.0, "linear": 1.0 - done, "cosine": 0.5 * (1.0 + math.cos(math.pi * done))}
        return self.learning_rate * warm * fall[self.schedule]

    def average_decay_at(self, iteration: int) -> float:
        """How much of the running mean of the weights stays after an iteration, counted from 0.

        Less in the beginning, so that the fresh weights are soon forgotten: 0.1, 2/11, 3/12 and so on.
        """
        return min(self.average_decay, (1 + iteration) / (10 + iteration))

    def build_optimizer(self, parameters: Iterable[torch.nn.Parameter]) -> torch.optim.Optimizer:
        import torch

        rate, decay = self.learning_rate, self.weight_decay
        if self.optimizer == "SGD":
            return torch.optim.SGD(parameters, lr=rate, momentum=self.momentum, weight_decay=decay)
        if self.optimizer == "AdamW":
            return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay)
        return torch.optim.RAdam(parameters, lr=rate, weight_decay=decay, decoupled_weight_decay=True)
