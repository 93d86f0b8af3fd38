"""Small states of training for the tests of checkpoints."""

import torch

from napari_dacapo.experiments.checkpoints.checkpoints import State


def state(iteration: int, **changes) -> State:
    """A state whose weights tell which iteration they are of."""
    values = {
        "iteration": iteration,
        "weights": {"body.weight": torch.full((2, 3), float(iteration)), "head.bias": torch.zeros(2)},
        "optimizer": {"state": {0: {"step": torch.tensor(float(iteration))}}, "param_groups": []},
        "rng": {"torch": torch.arange(16, dtype=torch.uint8)},
        "extra": {"skipped": 0},
    }
    return State(**(values | changes))
