"""A trainer that fits the data and the network."""

from __future__ import annotations

from napari_dacapo.architectures.anisotropy import CUBIC, elongation
from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.augments.augment import Augment
from napari_dacapo.augments.elastic import Elastic
from napari_dacapo.augments.intensity_scale_shift import IntensityScaleShift
from napari_dacapo.augments.low_contrast_sections import LowContrastSections
from napari_dacapo.augments.mirror import Mirror
from napari_dacapo.augments.missing_sections import MissingSections
from napari_dacapo.augments.rotate import Rotate
from napari_dacapo.augments.transpose import Transpose
from napari_dacapo.experiments.suggesting.measurements import Measurements
from napari_dacapo.trainers.trainer import Trainer

SECTIONS = 5.0  # times longer than wide: voxels of a stack of cut sections
MOST_PATCHES = {2: 8, 3: 2}
WARMUP = 25  # iterations


def suggested_trainer(found: Measurements, architecture: Architecture) -> tuple[Trainer, str]:
    """Augments that keep sections flat where voxels are long, and as many patches as memory allows.

    AdamW after a short warm-up: RAdam warms up by itself, and with a long one beside that the first fifty
    iterations learn next to nothing.
    """
    long = elongation(found.voxel_size)
    batch_size = _batch_size(found, architecture)
    trainer = Trainer(
        augments=_augments(found.dims, long),
        batch_size=batch_size,
        optimizer="AdamW",
        warmup_iterations=WARMUP,
        schedule="cosine",
    )
    patches = "one patch" if batch_size == 1 else f"{batch_size} patches"
    return trainer, f"{_shape_reason(found.dims, long)}, {patches} at once."


def _augments(dims: int, long: float) -> tuple[Augment, ...]:
    flat = dims == 2 or long >= CUBIC
    bent = Elastic(probability=0.5, axes=("y", "x") if flat else ("z", "y", "x"))
    turned = (Rotate(),) if flat else ()
    lost = (LowContrastSections(), MissingSections()) if dims == 3 and long >= SECTIONS else ()
    return (Mirror(), Transpose(), *turned, bent, IntensityScaleShift(), *lost)


def _batch_size(found: Measurements, architecture: Architecture) -> int:
    most = MOST_PATCHES[found.dims] if found.on_gpu else MOST_PATCHES[found.dims] // 2
    patch = architecture.input_patch
    while most > 1 and architecture.training_bytes(found.input_channels, patch, most) > found.memory // 2:
        most //= 2
    return most


def _shape_reason(dims: int, long: float) -> str:
    if dims == 2:
        return "Images are turned, mirrored and bent"
    if long < CUBIC:
        return "Voxels are nearly cubes: patches are mirrored, transposed and bent along all axes"
    kept = (
        f"Voxels are {long:.3g} times longer than wide: patches are turned and bent within the sections only"
    )
    return f"{kept}, some of which are blanked" if long >= SECTIONS else kept
