"""Blocks predicted into a file, in any order and of any size, are the prediction of the whole."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from unets import UNETS

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.arrays.box import Voxels
from napari_dacapo.arrays.memory import from_numpy
from napari_dacapo.arrays.ome_zarr import create_ome_zarr, open_own
from napari_dacapo.blockwise.coding import Coding
from napari_dacapo.blockwise.grid import Grid
from napari_dacapo.blockwise.ledger import Ledger
from napari_dacapo.blockwise.predict import Forward, Network, plan_blocks
from napari_dacapo.blockwise.prediction import PredictBlock
from napari_dacapo.blockwise.stage import run_stage
from napari_dacapo.blockwise.workers import Threads
from napari_dacapo.errors import DeviceError

FACTS = ["2d", "2d same", "2d finer", "3d", "3d anisotropic same"]


def forward_of(unet: UNet, most: int | None = None) -> Forward:
    """A network on a device that holds so many voxels."""
    torch.manual_seed(0)
    network = unet.build(1).eval()

    def forward(raw: NDArray[Any]) -> NDArray[np.float32]:
        if most is not None and raw.size > most:
            raise MemoryError
        with torch.inference_mode():
            return network(torch.from_numpy(raw[None, None]))[0].numpy()

    return forward


def predicted(
    folder: Path, unet: UNet, raw: NDArray[np.float32], start: Voxels, network: Network, shuffle: int = 0
) -> NDArray[np.float32]:
    """From `start` to the end of raw."""
    image = from_numpy(raw, "zyx"[-raw.ndim :], (1.0,) * raw.ndim)
    sides = zip(raw.shape, start, unet.scale, strict=True)
    shape = tuple((n - s) * scale for n, s, scale in sides)
    block = plan_blocks(unet, start, shape, network.input_shapes[0]).block_shape
    create_ome_zarr(
        folder / "p.zarr",
        axes="c" + "zyx"[-raw.ndim :],
        shape=(unet.output_channels, *shape),
        dtype=np.float32,
        voxel_size=(1.0,) * raw.ndim,
        offset=(0.0,) * raw.ndim,
        unit="voxel",
        chunks=(1, *block),
        shards=(unet.output_channels, *block),
    )
    act = PredictBlock(
        lambda: network, lambda: image, start, unet.scale, Coding("float32"), folder / "p.zarr"
    )
    blocks = list(Grid(shape, block).blocks())
    random.Random(shuffle).shuffle(blocks)
    ledger = Ledger.open(folder / "ledger.jsonl", {}, {})
    for _ in run_stage("predicting", act, blocks, ledger, Threads(1 + shuffle % 3)):
        pass
    return open_own(folder / "p.zarr")[:]


@pytest.mark.parametrize("name", FACTS)
@settings(max_examples=3)
@given(data=st.data())
def test_blocks_in_files_equal_the_whole_at_once(
    name: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    unet = UNETS[name]
    shape = tuple(data.draw(st.integers(6, 24 if unet.dims == 3 else 70)) for _ in range(unet.dims))
    start = tuple(data.draw(st.integers(0, n // 2)) for n in shape)
    raw = np.random.default_rng(sum(shape)).random(shape, np.float32)
    large = unet.nearest_input_shape(tuple(n + 100 for n in shape))
    networks = [Network(unet, forward_of(unet), (size,)) for size in (unet.input_shape, large)]
    by_blocks, whole = (
        predicted(tmp_path_factory.mktemp("p"), unet, raw, start, network, shuffle)
        for network, shuffle in zip(networks, (sum(shape), 0), strict=True)
    )
    assert np.abs(by_blocks - whole).max() < 1e-5


def test_where_memory_ends_blocks_are_made_of_smaller_pieces(tmp_path: Path) -> None:
    unet = UNETS["3d"]
    raw = np.random.default_rng(0).random((30, 30, 30), np.float32)
    sizes = tuple(unet.nearest_input_shape((n,) * 3) for n in (44, 32, 20))
    results = []
    for most in (None, 33**3):
        network = Network(unet, forward_of(unet, most), sizes)
        (tmp_path / str(most)).mkdir()
        results.append(predicted(tmp_path / str(most), unet, raw, (0, 0, 0), network))
    assert len(network.refused) == 1 and network.input_shapes[0] == sizes[1]
    np.testing.assert_allclose(results[1], results[0], atol=1e-5)


def test_a_device_that_holds_no_piece_is_told(tmp_path: Path) -> None:
    unet = UNETS["3d"]
    network = Network(unet, forward_of(unet, 10), (unet.input_shape,))
    with pytest.raises(DeviceError, match="does not suffice to predict array"):
        predicted(tmp_path, unet, np.zeros((9, 9, 9), np.float32), (0, 0, 0), network)
