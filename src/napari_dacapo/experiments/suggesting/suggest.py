"""A first architecture, task and trainer for some training data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.datasplits.dataset import OpenDatasets
from napari_dacapo.experiments.compute import choose_compute
from napari_dacapo.experiments.memory import device_memory
from napari_dacapo.experiments.suggesting.measurements import Measurements, measure
from napari_dacapo.experiments.suggesting.suggested_task import suggested_task
from napari_dacapo.experiments.suggesting.suggested_trainer import suggested_trainer
from napari_dacapo.experiments.suggesting.suggested_unet import suggested_unet
from napari_dacapo.tasks.task import Task
from napari_dacapo.trainers.trainer import Trainer

CPU_LENGTH = {"iterations": 2_000, "validation_interval": 200}  # a first score within minutes, not hours


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to begin with, for a person to change."""

    architecture: Architecture
    task: Task
    trainer: Trainer
    label_ids: tuple[int, ...]  # that every labels are to have as 1, 2, 3; usually none
    why: Mapping[str, str]  # a sentence for "architecture", "task" and "trainer"
    length: Mapping[str, int]  # of a run, by its fields; nothing where its defaults suit


def suggest(found: Measurements) -> Suggestion:
    """What the measurements speak for: the same for the same measurements."""
    architecture, why_architecture = suggested_unet(found)
    task, label_ids, why_task = suggested_task(found)
    trainer, why_trainer = suggested_trainer(found, architecture)
    why = {"architecture": why_architecture, "task": why_task, "trainer": why_trainer}
    return Suggestion(architecture, task, trainer, label_ids, why, {} if found.on_gpu else CPU_LENGTH)


def suggest_for(training: OpenDatasets, device: str = "auto") -> Suggestion:
    """Measure the data and the device, then suggest.

    Raises UserInputError where nothing is labelled, or for a device this machine does not have.
    """
    dims = training[0].raw.dims if training else 2
    chosen = choose_compute(device, "auto", dims).device
    return suggest(measure(training, device_memory(chosen), chosen.type == "cuda"))
