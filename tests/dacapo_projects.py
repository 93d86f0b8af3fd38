"""Folders as DaCapo's file store (0.3.5) leaves them: one YAML file a record, tuples tagged as Python's."""

from pathlib import Path
from typing import Any

import yaml

AFFINITIES = {
    "__type__": "AffinitiesTaskConfig",
    "name": "affs",
    "neighborhood": [(1, 0), (0, 1), (-3, 0)],
    "lsds": False,
    "num_lsd_voxels": 10,
    "downsample_lsds": 1,
    "lsds_to_affs_weight_ratio": 1,
    "affs_weight_clipmin": 0.1,
    "affs_weight_clipmax": 0.9,
    "lsd_weight_clipmin": 0.05,
    "lsd_weight_clipmax": 0.95,
    "background_as_object": True,
}
UNET = {
    "__type__": "CNNectomeUNetConfig",
    "name": "small",
    "input_shape": (20, 22),
    "_eval_shape_increase": (4, 0),
    "fmaps_in": 1,
    "num_fmaps": 2,
    "fmaps_out": 3,
    "fmap_inc_factor": 2,
    "downsample_factors": [(2, 2)],
    "kernel_size_down": None,
    "kernel_size_up": None,
    "upsample_factors": None,
    "constant_upsample": True,
    "padding": "valid",
    "use_attention": False,
    "batch_norm": False,
}
TRAINER = {
    "__type__": "GunpowderTrainerConfig",
    "name": "plain",
    "batch_size": 2,
    "learning_rate": 0.0005,
    "num_data_fetchers": 5,
    "augments": [{"__type__": "SimpleAugmentConfig", "augmentation_probability": 0.5}],
    "snapshot_interval": None,
    "min_masked": 0.2,
    "clip_raw": False,
    "gt_min_reject": None,
}
SPLIT = {
    "__type__": "SimpleDataSplitConfig",
    "name": "cells",
    "path": "/nowhere/data.zarr",
    "train_group_name": "train",
    "validate_group_name": "test",
    "raw_name": "raw",
    "gt_name": "labels",
    "mask_name": "mask",
}
RUN = {
    "name": "first",
    "datasplit_config": SPLIT,
    "architecture_config": UNET,
    "task_config": AFFINITIES,
    "trainer_config": TRAINER,
    "repetition": 1,
    "num_iterations": 200,
    "validation_interval": 50,
    "start_config": None,
}
PROJECT = {"datasplits": [SPLIT], "architectures": [UNET], "tasks": [AFFINITIES], "trainers": [TRAINER]}


def zarr(dataset: str) -> dict[str, Any]:
    """An array of a container."""
    name = dataset.replace("/", "_")
    place = {"file_name": "/nowhere/data.zarr", "dataset": dataset, "mode": "a"}
    return {"__type__": "ZarrArrayConfig", "name": name, **place, "snap_to_grid": None, "_axes": None}


def write_project(folder: Path, records: dict[str, list[dict[str, Any]]]) -> Path:
    """The folder that is runs_base_dir."""
    for collection, found in records.items():
        place = folder / "configs" / collection
        place.mkdir(parents=True, exist_ok=True)
        for record in found:
            (place / f"{record['name']}.yaml").write_text(yaml.dump(record))
    return folder
