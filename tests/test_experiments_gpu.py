"""What only a GPU can show: half precision, copies beside computing, memory that really ends."""

import gc
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch
import zarr
from torch import nn

from napari_dacapo.arrays.file import File
from napari_dacapo.experiments.applying.apply import apply
from napari_dacapo.experiments.applying.wanted import Wanted
from napari_dacapo.experiments.compute import choose_compute
from napari_dacapo.experiments.predicting.predict import forward_of
from napari_dacapo.experiments.predicting.trained import load_trained
from napari_dacapo.experiments.run_folder import RunFolder
from napari_dacapo.experiments.steps import Applied, TrainStep
from napari_dacapo.experiments.training.train import train
from napari_dacapo.trainers.trainer import Trainer

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"),
]

GPU = "cuda"


TRAINER = Trainer(precision="auto", snapshot_interval=0, checkpoint_interval=2, loader_threads=0)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return tiny.trained(tmp_path_factory.mktemp("workspace"), GPU, trainer=TRAINER)


def test_a_run_stopped_on_a_gpu_goes_on_there(tmp_path: Path) -> None:
    made, folder = tiny.run(tmp_path, trainer=TRAINER), tiny.run_folder(tmp_path)
    with closing(train(made, folder, GPU)) as steps:
        next(step for step in steps if isinstance(step, TrainStep) and step.iteration == 3)
    rest = [step for step in train(made, folder, GPU) if isinstance(step, TrainStep)]
    assert [step.iteration for step in rest] == [4, 5, 6]
    assert all(np.isfinite(step.loss) for step in rest)


def test_what_was_trained_leaves_the_gpu(tmp_path: Path) -> None:
    gc.collect()
    before = torch.cuda.memory_allocated()
    list(train(tiny.run(tmp_path, trainer=TRAINER), tiny.run_folder(tmp_path), GPU))
    gc.collect()
    assert torch.cuda.memory_allocated() == before


def test_half_precision_changes_a_probability_by_a_few_hundredths(trained: RunFolder, tmp_path: Path) -> None:
    assert load_trained(trained, device=GPU).compute.dtype in (torch.bfloat16, torch.float16)
    predictions = []
    for device in (GPU, "cpu"):
        *_, last = apply(
            Wanted(trained, File(path="train-raw.zarr"), tmp_path / device, device=device, only_predict=True)
        )
        assert isinstance(last, Applied)
        predictions.append(zarr.open_array(str(last.prediction / "0"), mode="r")[:].astype(np.float32))
    assert np.abs(predictions[0] - predictions[1]).max() < 0.03


def test_blocks_get_smaller_where_the_memory_of_a_gpu_ends(trained: RunFolder) -> None:
    loaded = load_trained(trained, device=GPU)
    forward = forward_of(loaded.run, loaded.network, loaded.compute)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + 2**28) / total)
    try:
        with pytest.raises(torch.OutOfMemoryError):
            forward(np.zeros((328, 328, 328), np.float32))
        assert forward(np.zeros((24, 24, 24), np.float32)).shape == (4, 8, 8, 8)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def test_copies_run_beside_what_is_computed(tmp_path: Path) -> None:
    from torch.profiler import ProfilerActivity, profile

    made, compute = tiny.run(tmp_path), choose_compute(GPU, "float32", 3).for_prediction(3)
    channels = len(made.task.channel_names(3))
    layers = (nn.Conv3d(1, 1, 5, padding=2) for _ in range(20))
    forward = forward_of(made, compute.place(nn.Sequential(*layers, nn.Conv3d(1, channels, 1))), compute)
    blocks = [np.random.default_rng(n).random((96, 96, 96), np.float32) for n in range(24)]
    alone = [forward(block) for block in blocks]
    with profile(activities=[ProfilerActivity.CUDA]) as profiler, ThreadPoolExecutor(3) as threads:
        together = list(threads.map(forward, blocks))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-5)
    spans = [(event.name, event.time_range) for event in profiler.events()]
    copies = [span for name, span in spans if name.startswith(("Memcpy HtoD", "Memcpy DtoH"))]
    kernels = [span for name, span in spans if not name.startswith(("Memcpy", "Memset"))]
    beside = [copy for copy in copies if any(k.start < copy.end and copy.start < k.end for k in kernels)]
    assert len(beside) > len(copies) / 2
