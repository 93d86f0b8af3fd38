"""DaCapo's trainers as ours."""

from __future__ import annotations

from typing import Any

from napari_dacapo.from_dacapo.augments import augments_of
from napari_dacapo.from_dacapo.fields import Fields
from napari_dacapo.trainers.trainer import Trainer

WARMUP = 1000  # iterations over which DaCapo's learning rate rises
THREADS = "threads are chosen by the device here: see loader_threads"
ON_RAW = "add the step Crop to the raw of its datasets"
REJECTED = {"integral_mask": "labelled", "reject": "labelled", "sample_points": "labelled"}


def trainer(fields: Fields, side: float) -> Trainer:
    """`side` is the shortest of a voxel. Raises UserInputError where there is no counterpart."""
    if fields.kind != "GunpowderTrainer":
        raise fields.unknown()
    augments = [each for one in fields.named("augments").values() for each in augments_of(one, side)]
    least = fields.take("gt_min_reject", "min_labelled", None)
    if least is None:
        least = fields.take("min_masked", "min_labelled", 0.15)
    fields.leave("min_masked", "gt_min_reject takes its place")
    strategy = fields.take("sample_strategy", "sampling", "integral_mask")
    fields.leave("num_data_fetchers", THREADS)
    fields.leave("clip_raw", ON_RAW, unless=False)
    fields.say(
        "optimizer", "RAdam without weight decay or clipping of gradients, and a warm-up of 1000, as there"
    )
    return Trainer(
        augments=tuple(augments),
        sampling=REJECTED.get(str(strategy), "uniform"),
        min_labelled=least,
        snapshot_interval=fields.take("snapshot_interval", "snapshot_interval", 0),
        optimizer="RAdam",
        weight_decay=0,
        warmup_iterations=WARMUP,
        clip_gradient_norm=None,
        **learning(fields),
    )


def learning(fields: Fields) -> dict[str, Any]:
    """What newer versions of DaCapo keep with the run."""
    return {name: fields.take(name, name) for name in ("batch_size", "learning_rate") if fields.has(name)}
