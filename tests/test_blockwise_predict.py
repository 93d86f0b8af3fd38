"""Block by block equals the whole at once."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.blockwise.predict import Forward, plan_blocks

SMALL: dict[str, Any] = {"num_fmaps": 2, "fmap_inc_factor": 2}
VALID_3D = UNet(
    input_shape=(32, 32, 32), eval_shape_increase=(0, 0, 0), downsample_factors=((2, 2, 2),), **SMALL
)
SAME_3D = VALID_3D.replace(padding="same")
ANISOTROPIC = UNet(
    input_shape=(10, 44, 44), eval_shape_increase=(0, 0, 0), **SMALL,
    downsample_factors=((1, 2, 2), (1, 2, 2)),
    kernel_size_down=(((1, 3, 3), (1, 3, 3)),) * 3, kernel_size_up=(((1, 3, 3), (1, 3, 3)),) * 2,
)  # fmt: skip
VALID_2D = UNet(
    input_shape=(44, 44), eval_shape_increase=(0, 0), downsample_factors=((2, 2), (2, 2)), **SMALL
)
SAME_2D = VALID_2D.replace(padding="same")


def forward_of(architecture: UNet) -> Forward:
    torch.manual_seed(0)
    network = architecture.build(1).eval()

    def forward(raw: NDArray[Any]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return network(torch.from_numpy(raw[None, None]))[0].numpy()

    return forward


def predicted(
    architecture: UNet, raw: NDArray[np.float32], start: Voxels, shape: Voxels, patch: Voxels
) -> Any:
    array = from_numpy(raw, "zyx"[-raw.ndim :], (1.0,) * raw.ndim)
    plan = plan_blocks(architecture, start, shape, architecture.nearest_input_shape(patch, at_least=True))
    result = np.full((architecture.output_channels, *shape), np.nan, np.float32)
    for block, values in plan.run(forward_of(architecture), array):
        result[(slice(None), *block.slices)] = values
    return result, plan.count


@pytest.mark.parametrize(
    "architecture",
    [VALID_3D, SAME_3D, ANISOTROPIC, ANISOTROPIC.replace(padding="same"), VALID_2D, SAME_2D],
)
@settings(max_examples=4)
@given(data=st.data())
def test_block_by_block_equals_the_whole_at_once(architecture: UNet, data: st.DataObject) -> None:
    dims = architecture.dims
    shape = tuple(data.draw(st.integers(8, 40 if dims == 3 else 90)) for _ in range(dims))
    raw = np.random.default_rng(sum(shape)).random(shape, np.float32)
    start = tuple(data.draw(st.integers(0, n // 2)) for n in shape)
    region = tuple(n - s for n, s in zip(shape, start, strict=True))
    patch = tuple(n + data.draw(st.integers(0, 20)) for n in architecture.input_shape)
    small, _ = predicted(architecture, raw, start, region, patch)
    whole, one = predicted(architecture, raw, start, region, tuple(n + 120 for n in shape))
    assert one == 1
    assert np.isfinite(small).all()
    assert np.abs(small - whole).max() < 1e-5


def test_a_volume_smaller_than_a_block_is_predicted_whole() -> None:
    raw = np.random.default_rng(0).random((12, 12, 12), np.float32)
    result, count = predicted(VALID_3D, raw, (0, 0, 0), (12, 12, 12), (80, 80, 80))
    assert count == 1
    assert np.isfinite(result).all()


def test_a_block_is_no_larger_than_the_region_needs() -> None:
    plan = plan_blocks(VALID_3D, (0, 0, 0), (10, 10, 10), VALID_3D.nearest_input_shape((120, 120, 120)))
    assert plan.count == 1
    assert max(plan.input_shape) < 60
