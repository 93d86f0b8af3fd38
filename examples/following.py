"""Printing the steps of training, until the last or until Ctrl-C."""

import signal
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from rich.console import Console

from napari_dacapo.experiments.steps import Notice, Predicted, Step, TrainStep

PRINTED_EVERY = 10.0  # seconds


def follow(steps: Iterator[Step], out: Console) -> None:
    """Print them as they come. Raises KeyboardInterrupt between two steps, so that the last one is whole."""
    printed = time.monotonic()
    recent: deque[float] = deque(maxlen=20)  # seconds
    for step in until_interrupted(steps):
        if isinstance(step, Notice):
            out.print(step.text)
        elif isinstance(step, Predicted) and step.done == 1:
            out.print(f"validating iteration {step.iteration}")
        elif isinstance(step, TrainStep):
            recent.append(step.seconds)
            if time.monotonic() - printed > PRINTED_EVERY or step.iteration == step.of:
                left = sum(recent) / len(recent) * (step.of - step.iteration)
                out.print(
                    f"iteration {step.iteration:5d} of {step.of}   loss {step.loss:.3f}   {left:4.0f} s left"
                )
                printed = time.monotonic()


def until_interrupted(steps: Iterator[Step]) -> Iterator[Step]:
    pressed: list[int] = []

    def remember(number: int, frame: Any) -> None:
        pressed.append(number)

    before = signal.signal(signal.SIGINT, remember)
    try:
        for step in steps:
            yield step
            if pressed:
                raise KeyboardInterrupt
    finally:
        signal.signal(signal.SIGINT, before)
