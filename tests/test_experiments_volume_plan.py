"""How large blocks are: what the device gains from, and what memory holds."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tiny
import torch

from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.experiments.applying import volume_plan
from napari_dacapo.experiments.applying.volume_plan import (
    VolumePlan,
    predicting_threads,
    segmenting_threads,
)
from napari_dacapo.experiments.predicting.predict import OutputGrid

GIB = 1 << 30
RAW = from_numpy(np.broadcast_to(np.uint8(0), (500,) * 3), "zyx", (8.0,) * 3)


def trained(device: str = "cpu") -> Any:
    run = SimpleNamespace(architecture=tiny.UNET, task=tiny.TASK)
    compute = SimpleNamespace(device=torch.device(device), feeders=1 if device == "cpu" else 8)
    return SimpleNamespace(run=run, compute=compute, input_channels=1, channels=3)


def grid(side: int, voxel_size: tuple[float, float, float] = (8.0, 8.0, 8.0)) -> OutputGrid:
    return OutputGrid((0,) * 3, (side,) * 3, (0.0,) * 3, voxel_size, "nm")


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_to(free: int, of_device: int = 0) -> None:
        monkeypatch.setattr(volume_plan, "free_memory", lambda: free)
        monkeypatch.setattr(volume_plan, "device_memory", lambda _: of_device)

    return set_to


def test_a_processor_predicts_the_blocks_of_validation(memory: Any) -> None:
    memory(64 * GIB)
    plan = VolumePlan.of(trained(), grid(500), RAW)
    # 32 voxels lose 8 on each side; segmented are 16 blocks, at least 256 voxels along each axis
    assert (plan.input_shape, plan.block, plan.chunk) == ((32,) * 3, (16,) * 3, (16,) * 3)
    assert plan.segmented == (256,) * 3 and plan.halo == (32,) * 3


def test_a_gpu_predicts_the_largest_that_half_of_its_memory_holds(memory: Any) -> None:
    memory(64 * GIB, 80 * GIB)
    assert VolumePlan.of(trained("cuda"), grid(500), RAW).input_shape == (128,) * 3
    needed = tiny.UNET.prediction_bytes(1, (96,) * 3)
    memory(64 * GIB, 2 * needed)
    assert VolumePlan.of(trained("cuda"), grid(500), RAW).input_shape == (96,) * 3


def test_an_image_of_planes_is_copied_but_not_for_a_few_blocks(memory: Any) -> None:
    memory(64 * GIB)
    planes = replace(RAW, chunks=(1, 500, 500))
    assert VolumePlan.of(trained(), grid(500), planes).slab == (64, 512, 512)
    assert VolumePlan.of(trained(), grid(500), RAW).slab == ()
    assert VolumePlan.of(trained(), grid(16), planes).slab == ()


def test_blocks_shrink_where_the_memory_is_small(memory: Any) -> None:
    memory(2 * tiny.UNET.prediction_bytes(1, (32,) * 3) - 2)
    plan = VolumePlan.of(trained(), grid(500), RAW)
    assert max(plan.input_shape) < 32
    assert plan.segmented == plan.block


def test_segmented_blocks_are_no_larger_than_memory_holds_or_the_region(memory: Any) -> None:
    memory(64 * GIB)
    assert VolumePlan.of(trained(), grid(40), RAW).segmented == (48,) * 3
    per_voxel = tiny.TASK.segmenting_bytes(3)
    memory(2 * per_voxel * (192 * 192 * 320))  # 128, 128 and 256 voxels with 32 around
    plan = VolumePlan.of(trained(), grid(500), RAW)
    assert sorted(plan.segmented) == [128, 128, 256]
    assert segmenting_threads(plan, per_voxel) == 1


def test_beside_a_gpu_more_blocks_are_read_and_written_where_memory_holds_them(memory: Any) -> None:
    memory(64 * GIB)
    plan = VolumePlan.of(trained(), grid(500), RAW)
    assert predicting_threads(plan, trained()) == 3
    assert predicting_threads(plan, trained("cuda")) == 8
    of_a_block = 4 * (32**3 + 2 * 3 * 16**3)  # bytes
    memory(2 * 5 * of_a_block)
    assert predicting_threads(plan, trained("cuda")) == 5
    memory(0)
    assert predicting_threads(plan, trained("cuda")) == 3


@pytest.mark.parametrize(("side", "largest", "part"), [(24, 64, 24), (104, 64, 52), (148, 64, 37), (7, 3, 1)])
def test_a_chunk_is_the_largest_part_of_a_block_that_is_small_enough(
    side: int, largest: int, part: int
) -> None:
    assert volume_plan._part(side, largest) == part


def test_around_a_block_as_much_is_seen_along_coarse_axes_in_the_world(memory: Any) -> None:
    memory(64 * GIB)
    assert VolumePlan.of(trained(), grid(500, (32.0, 8.0, 8.0)), RAW).halo == (8, 32, 32)


def test_a_plan_is_kept_as_json(memory: Any) -> None:
    memory(64 * GIB)
    plan = VolumePlan.of(trained(), grid(500), RAW)
    assert VolumePlan.from_json(plan.to_json()) == plan
