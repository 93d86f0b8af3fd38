"""DaCapo's tasks as ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_dacapo.from_dacapo.fields import Fields
from napari_dacapo.postprocessors.threshold import Threshold
from napari_dacapo.scores.boundary_distances import BoundaryDistances
from napari_dacapo.scores.tolerant_rates import TolerantRates
from napari_dacapo.tasks.affinities import Affinities
from napari_dacapo.tasks.affinities_with_descriptors import AffinitiesWithDescriptors
from napari_dacapo.tasks.hot_distance import HotDistance
from napari_dacapo.tasks.inner_distance import InnerDistance
from napari_dacapo.tasks.one_hot import OneHot
from napari_dacapo.tasks.signed_distance import SignedDistance
from napari_dacapo.tasks.task import Task

LOWEST, HIGHEST = 0.05, 0.95  # DaCapo's defaults
USUAL_KERNEL = 3  # what DaCapo takes where none is given
DESCRIPTORS = (
    *("num_lsd_voxels", "downsample_lsds", "lsds_to_affs_weight_ratio"),
    *("lsd_weight_clipmin", "lsd_weight_clipmax"),
)
LONGEST_SIDES = "DaCapo counts longest sides of a voxel, we shortest ones"
ONE_BALANCE = "descriptors are balanced as affinities are"
ALWAYS_MASKED = "distances that a border may cut are always left out"


def task(fields: Fields) -> Task:
    """Raises UserInputError where there is no counterpart."""
    if fields.kind not in TASKS:
        raise fields.unknown()
    return TASKS[fields.kind](fields)


def _affinities(fields: Fields) -> Task:
    values: dict[str, Any] = {
        "neighborhood": fields.take("neighborhood", "neighborhood"),
        "background_as_object": fields.take("background_as_object", "background_as_object", False),
        "lowest_share": fields.take("affs_weight_clipmin", "lowest_share", LOWEST),
        "highest_share": fields.take("affs_weight_clipmax", "highest_share", HIGHEST),
    }
    kind = "AffinitiesWithDescriptors" if fields.values.get("lsds") else "Affinities"
    if not fields.take("lsds", f"kind, {kind}", False):
        for name in DESCRIPTORS:
            fields.leave(name, "there are no descriptors")
        return Affinities(**values)
    fields.leave("lsd_weight_clipmin", ONE_BALANCE, LOWEST)
    fields.leave("lsd_weight_clipmax", ONE_BALANCE, HIGHEST)
    return AffinitiesWithDescriptors(
        **values,
        lsd_voxels=fields.take("num_lsd_voxels", "lsd_voxels", 10, LONGEST_SIDES),
        downsample_lsds=fields.take("downsample_lsds", "downsample_lsds", 1),
        lsds_to_affs_weight_ratio=fields.take("lsds_to_affs_weight_ratio", "lsds_to_affs_weight_ratio", 1),
    )


def _distance(kind: type[SignedDistance | InnerDistance | HotDistance]) -> Callable[[Fields], Task]:
    def converted(fields: Fields) -> Task:
        fields.leave("mask_distances", ALWAYS_MASKED, unless=True)
        values: dict[str, Any] = {
            "channels": fields.take("channels", "channels"),
            "scale": fields.take("scale_factor", "scale", 1),
            "lowest_share": fields.take("clipmin", "lowest_share", LOWEST),
            "highest_share": fields.take("clipmax", "highest_share", HIGHEST),
            "class_scores": _class_scores(fields),
        }
        if kind is HotDistance:
            values["kernel_size"] = fields.take("kernel_size", "kernel_size", USUAL_KERNEL)
        return kind(postprocessor=Threshold(), **values)

    return converted


def _class_scores(fields: Fields) -> tuple[TolerantRates, BoundaryDistances]:
    tolerance = fields.take("tol_distance", "class_scores, TolerantRates.tolerance")
    clip = fields.take("clip_distance", "class_scores, BoundaryDistances.clip")
    return TolerantRates(tolerance=tolerance), BoundaryDistances(clip=clip)


def _one_hot(fields: Fields) -> Task:
    classes = fields.take("classes", "classes")
    return OneHot(classes=classes, kernel_size=fields.take("kernel_size", "kernel_size", USUAL_KERNEL))


def _pretrained(fields: Fields) -> Task:
    fields.leave("weights", "begin runs with them: the start FromDacapo")
    return task(fields.inner("sub_task_config"))


TASKS: dict[str, Callable[[Fields], Task]] = {
    "AffinitiesTask": _affinities,
    "DistanceTask": _distance(SignedDistance),
    "InnerDistanceTask": _distance(InnerDistance),
    "HotDistanceTask": _distance(HotDistance),
    "OneHotTask": _one_hot,
    "PretrainedTask": _pretrained,
}
