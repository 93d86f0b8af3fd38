"""A U-Net that fits the data and the machine."""

from __future__ import annotations

import math
from typing import Any

from napari_dacapo.architectures.anisotropy import CUBIC, suggested_factors
from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.box import Voxels, World
from napari_dacapo.experiments.suggesting.measurements import Measurements
from napari_dacapo.networks.plan import Kernels, UNetPlan
from napari_dacapo.networks.shapes import shapes, smallest
from napari_dacapo.networks.stages import step

INCREASE = 3
LARGE_GPU = 16 << 30  # bytes
# voxels of a training patch, by dimensions: what trains some patches a second
CPU_PATCH = {2: 220**2, 3: 92**3}
GPU_PATCH = {2: 512**2, 3: 196**3}


def suggested_unet(found: Measurements) -> tuple[UNet, str]:
    """The deepest U-Net whose output fits into the labelled part of every dataset, and why that one."""
    candidates = [_fields(found, levels) for levels in range(_most_levels(found), 0, -1)]
    fitting = (each for each in candidates if _fits(_plan(found, each), found.shape))
    fields = next(fitting, candidates[-1])
    network = _smaller_until_it_fits(found, fields, _patch(found, _plan(found, fields)))
    return network, _why(found, network)


def _most_levels(found: Measurements) -> int:
    return 3 if found.dims == 2 or found.on_gpu else 2


def _fields(found: Measurements, levels: int) -> dict[str, Any]:
    factors = suggested_factors(found.voxel_size, levels)
    kernels = _kernels(found.voxel_size, factors)
    fmaps = 8 if not found.on_gpu else 24 if found.memory >= LARGE_GPU else 12
    return {
        "num_fmaps": fmaps,
        "fmap_inc_factor": INCREASE,
        "fmaps_out": max(12, fmaps),
        "downsample_factors": factors,
        "kernel_size_down": kernels,
        "kernel_size_up": kernels[:-1],
    }


def _kernels(voxel_size: World, factors: tuple[Voxels, ...]) -> tuple[Kernels, ...]:
    """Two kernels a level, 1 along axes whose voxels are long there; at the bottom always 3."""
    kernels = []
    size = voxel_size
    for level in factors:
        kernels.append((tuple(1 if one >= CUBIC * min(size) else 3 for one in size),) * 2)
        size = tuple(one * factor for one, factor in zip(size, level, strict=True))
    return (*kernels, ((3,) * len(voxel_size),) * 2)


def _plan(found: Measurements, fields: dict[str, Any]) -> UNetPlan:
    return UNetPlan(found.input_channels, **fields)


def _lost(plan: UNetPlan) -> Voxels:
    """How much smaller the output is than the input."""
    least = smallest(plan)
    return tuple(i - o for i, o in zip(least, shapes(plan, least)[-1], strict=True))


def _fits(plan: UNetPlan, shape: Voxels) -> bool:
    sides = zip(smallest(plan), _lost(plan), shape, strict=True)
    return all(size - lost <= n for size, lost, n in sides)


def _patch(found: Measurements, plan: UNetPlan) -> Voxels:
    """As cubic in the world as the volume allows; of 50 x 4 x 4 nm twelve times fewer voxels along z."""
    volume = (GPU_PATCH if found.on_gpu else CPU_PATCH)[found.dims]
    side = (volume * math.prod(found.voxel_size)) ** (1 / found.dims)
    wish = (side / size for size in found.voxel_size)
    room = (n + lost for n, lost in zip(found.shape, _lost(plan), strict=True))
    return _largest(plan, tuple(min(int(w), r) for w, r in zip(wish, room, strict=True)))


def _largest(plan: UNetPlan, limit: Voxels) -> Voxels:
    """The largest valid input within the limit, or the smallest there is."""
    sides = zip(smallest(plan), step(plan), limit, strict=True)
    return tuple(least + max(0, (n - least) // by) * by for least, by, n in sides)


def _smaller_until_it_fits(found: Measurements, fields: dict[str, Any], patch: Voxels) -> UNet:
    """A step of training takes half of the memory at most, and a block of prediction no more."""
    plan = _plan(found, fields)
    while True:
        network = UNet(**fields, input_shape=patch, eval_shape_increase=(0,) * found.dims)
        if network.training_bytes(found.input_channels, patch, 1) <= found.memory // 2:
            return _with_larger_blocks(found, network)
        less = _largest(plan, tuple(int(0.8 * n) for n in patch))
        if less == patch:
            return network
        patch = less


def _with_larger_blocks(found: Measurements, network: UNet) -> UNet:
    for share in (1.0, 0.5, 0.25) if found.on_gpu else (0.5, 0.25):
        sides = zip(network.input_shape, network.stride, strict=True)
        more = tuple(int(share * n) // by * by for n, by in sides)
        block = tuple(n + m for n, m in zip(network.input_shape, more, strict=True))
        if network.prediction_bytes(found.input_channels, block) <= found.memory // 2:
            return network.replace(eval_shape_increase=more)
    return network


def _why(found: Measurements, network: UNet) -> str:
    sizes = " x ".join(f"{size:.4g}" for size in found.voxel_size)
    poolings = ", ".join(" x ".join(map(str, factors)) for factors in network.downsample_factors)
    patch = " x ".join(map(str, network.input_shape))
    memory = f"the {found.memory / 2**30:.3g} GiB of {'the GPU' if found.on_gpu else 'this computer'}"
    return (
        f"Poolings by {poolings} suit voxels of {sizes}; patches of {patch} and {network.num_fmaps} "
        f"feature maps fit the labels and {memory}."
    )
