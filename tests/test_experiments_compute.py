"""Which precision, layout and number of threads a device gets."""

from typing import Literal

import numpy as np
import pytest
import torch

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.experiments.compute import Compute, choose_compute


@pytest.mark.parametrize(("dims", "layout"), [(2, torch.channels_last), (3, torch.channels_last_3d)])
def test_a_cpu_trains_with_channels_first_and_predicts_with_channels_last(
    dims: int, layout: torch.memory_format
) -> None:
    training = choose_compute("cpu", "float32", dims)
    batch = np.zeros((1, 2, *(3,) * dims), np.float32)
    assert training.tensor(batch).is_contiguous()
    assert training.for_prediction(dims).tensor(batch).is_contiguous(memory_format=layout)


@pytest.mark.parametrize(
    ("generation", "dtype"),
    [(9, torch.bfloat16), (8, torch.bfloat16), (7, torch.float16), (6, torch.float32)],
)
def test_a_gpu_computes_in_what_its_generation_is_fastest_with(
    generation: int, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gpu_of(generation, monkeypatch).dtype == dtype


@pytest.mark.parametrize(
    ("normalization", "first"), [("none", False), ("batch", False), ("group", True), ("instance", True)]
)
def test_a_gpu_gets_channels_first_where_a_normalisation_gives_nothing_else_back(
    normalization: Literal["none", "batch", "group", "instance"],
    first: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = UNet(normalization=normalization).build(1)
    layout = torch.contiguous_format if first else torch.channels_last_3d
    assert gpu_of(8, monkeypatch).suited_to(network).memory_format == layout
    on_cpu = choose_compute("cpu", "float32", 3).for_prediction(3)
    assert on_cpu.suited_to(network) == on_cpu


def test_cores_beside_a_gpu_prepare_what_it_computes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu, cpu = gpu_of(8, monkeypatch), choose_compute("cpu", "float32", 3)
    for cores, threads in ((1, 1), (4, 4), (64, 8)):
        monkeypatch.setattr(torch, "get_num_threads", lambda cores=cores: cores)
        assert (gpu.feeders, cpu.feeders) == (threads, 1)


def test_a_gpu_is_fast_in_training_and_repeats_a_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    cudnn = torch.backends.cudnn
    for flag in ("benchmark", "deterministic", "allow_tf32"):
        monkeypatch.setattr(cudnn, flag, getattr(cudnn, flag))  # put back afterwards
    training = gpu_of(6, monkeypatch)
    for compute, repeated in ((training, False), (training.for_prediction(3), True), (training, False)):
        with compute.autocast():
            assert (cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32) == (not repeated, repeated, False)


def gpu_of(generation: int, monkeypatch: pytest.MonkeyPatch) -> Compute:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (generation, 0))
    return choose_compute("auto", "auto", 3)
