"""What the engine's generators yield: small frozen steps a command line prints and a window draws."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from napari_dacapo.errors import DacapoError


@dataclass(frozen=True, slots=True)
class TrainStep:
    """One iteration is done."""

    iteration: int  # counted from 1
    of: int
    loss: float  # NaN when the step was skipped
    learning_rate: float
    seconds: float  # of the whole iteration
    waited: float  # seconds of it spent waiting for data
    device: str  # "cpu", "cuda:0"
    memory: int  # bytes that are in use: of the GPU, or by this process on a CPU


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Raw, target, weight and prediction of one patch were written."""

    iteration: int
    path: Path


@dataclass(frozen=True, slots=True)
class Predicted:
    """A block of an image is predicted."""

    iteration: int
    dataset: str  # what the image is called
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Worked:
    """A block of a predicted image is one step further on its way to a segmentation."""

    what: str  # "segmenting", "joining", ...
    dataset: str  # what the image is called
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Validation:
    """One point of the post-processing grid is scored on one dataset."""

    iteration: int
    dataset: str
    parameters: Mapping[str, float | int | str | bool]
    scores: Mapping[str, float]
    done: int
    of: int


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint is on the disk."""

    iteration: int
    path: Path
    best_by: tuple[str, ...]  # criteria this iteration is the best by


@dataclass(frozen=True, slots=True)
class Applied:
    """What was wanted of an image is on the disk, as OME-Zarr."""

    iteration: int
    parameters: Mapping[str, float | int | str | bool]  # of the post-processing
    prediction: Path
    segmentation: Path | None  # None: it was to be predicted only


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should read."""

    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A run was given to a worker of a cluster."""

    worker: str  # its address


@dataclass(frozen=True, slots=True)
class Ended:
    """A run trains no longer: it came to its end, was stopped, or failed. What it learned is saved."""

    completed: bool = True
    failure: DacapoError | OSError | None = None


Step = TrainStep | Snapshot | Predicted | Worked | Validation | Saved | Applied | Notice
RunStep = Step | Sent | Ended  # of one of several runs

T = TypeVar("T")


def result_of(steps: Generator[Any, None, T]) -> T:
    """What they return in the end; nobody looks at them."""
    while True:
        try:
            next(steps)
        except StopIteration as over:
            result: T = over.value
            return result
