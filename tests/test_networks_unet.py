"""The built networks do what their records say."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from unets import UNETS

from napari_dacapo.architectures.unet import UNet
from napari_dacapo.networks import estimates

VALID = {
    name: unet
    for name, unet in UNETS.items()
    if unet.padding == "valid" and unet.normalization in ("none", "batch")
}
SAME = {name: unet for name, unet in UNETS.items() if unet.padding == "same"}
POINTWISE = {name: unet for name, unet in UNETS.items() if unet.normalization in ("none", "batch")}

HAS_BFLOAT16 = pytest.mark.skipif(
    not (torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()),
    reason="this processor has no instructions for bfloat16",
)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def over(unets: dict[str, UNet]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("unet", unets.values(), ids=unets)


def network(unet: UNet, channels: int = 1) -> nn.Module:
    torch.manual_seed(0)
    return unet.build(channels).eval()


def images(unet: UNet, shape: tuple[int, ...], channels: int = 1) -> torch.Tensor:
    return torch.rand(1, channels, *shape, generator=torch.Generator().manual_seed(1))


@over(UNETS)
def test_output_has_the_shape_that_was_told(unet: UNet) -> None:
    for shape in (unet.input_patch, unet.validation_patch):
        with torch.no_grad():
            output = network(unet, 2)(images(unet, shape, 2))
        assert tuple(output.shape) == (1, unet.output_channels, *unet.output_shape(shape))


@over(UNETS)
def test_output_is_centred_and_whole_steps_long(unet: UNet) -> None:
    output = unet.output_shape(unet.input_patch)
    for size, given_, scale, stride in zip(output, unet.input_patch, unet.scale, unet.stride, strict=True):
        assert size % (stride * scale) == 0
        assert (given_ - size // scale) % 2 == 0


@pytest.mark.parametrize("channels", [1, 3])
@over(UNETS)
def test_parameters_are_counted_exactly(unet: UNet, channels: int) -> None:
    built = sum(weights.numel() for weights in network(unet, channels).parameters())
    assert unet.parameter_count(channels) == built


@over(POINTWISE)
def test_context_is_what_reaches_the_output(unet: UNet) -> None:
    net = _all_positive(unet)
    enough = _plus(unet.context, unet.stride, unet.stride)
    for axis, context in enumerate(unet.context):
        wish = tuple(size if other == axis else 1 for other, size in enumerate(enough))
        assert _widest_influence(net, unet.nearest_input_shape(wish, at_least=True), axis) == context


def _all_positive(unet: UNet) -> nn.Module:
    """More of any input voxel then means more of every output voxel that sees it."""
    net = network(unet).double()
    for weights in net.parameters():
        nn.init.constant_(weights, 1 / max(1, weights[0].numel()))
    return net


def _widest_influence(net: nn.Module, shape: tuple[int, ...], axis: int) -> int:
    """The most planes along the axis that any output plane sees: each is lit in turn."""
    planes = torch.zeros(shape[axis], 1, *shape, dtype=torch.float64)
    for plane, image in enumerate(planes):
        image.select(axis + 1, plane).fill_(1)
    with torch.no_grad():
        dark = net(torch.zeros(1, 1, *shape, dtype=torch.float64))
        changed = torch.cat([(net(image[None]) != dark).any(dim=1) for image in planes])
    others = [other + 1 for other in range(len(shape)) if other != axis]
    seen = changed.any(dim=others[1]).any(dim=others[0]) if len(others) == 2 else changed.any(dim=others[0])
    return int(seen.sum(dim=0).max())


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_valid_blocks_equal_the_whole(data: st.DataObject) -> None:
    unet = data.draw(st.sampled_from(list(VALID.values())))
    steps = st.tuples(*[st.integers(0, 2)] * unet.dims)
    extra, before, after = data.draw(steps), data.draw(steps), data.draw(steps)
    block = _along(unet.nearest_input_shape((1,) * unet.dims), extra, unet.stride)
    start = _along((0,) * unet.dims, before, unet.stride)
    whole = _along(_plus(block, start), after, unet.stride)
    net, image = network(unet), images(unet, whole)
    with torch.no_grad():
        alone = net(_cut(image, start, block))
        within = _cut(net(image), _times(start, unet.scale), unet.output_shape(block))
    assert within.abs().max() > 0
    assert (alone - within).abs().max() < 1e-5 * within.abs().max()


@over(SAME)
def test_same_blocks_equal_the_whole_beyond_their_border(unet: UNet) -> None:
    stride, border, scale = unet.stride, unet.border, unet.scale
    block = _plus(border, border, stride)
    whole = _plus(block, stride, stride)
    net, image = network(unet), images(unet, whole)
    with torch.no_grad():
        alone = _cut(net(_cut(image, stride, block)), _times(border, scale), _times(stride, scale))
        within = _cut(net(image), _times(_plus(stride, border), scale), _times(stride, scale))
    assert within.abs().max() > 0
    assert (alone - within).abs().max() < 1e-5 * within.abs().max()


@over(UNETS)
def test_one_seed_gives_one_network(unet: UNet) -> None:
    first, second = network(unet).state_dict(), network(unet).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_weights_load_into_a_fresh_network() -> None:
    unet = UNETS["3d transposed attention"]
    trained, fresh, image = network(unet), unet.build(1).eval(), images(unet, unet.input_patch)
    fresh.load_state_dict(trained.state_dict())
    with torch.no_grad():
        assert torch.equal(fresh(image), trained(image))


def test_weights_are_named_by_where_they_stand() -> None:
    unet = UNETS["3d same attention finer"]
    names = [name for name in network(unet).state_dict() if name.endswith("weight")]
    assert names == [
        "down.0.convolution0.weight",
        "down.0.convolution1.weight",
        "down.1.convolution0.weight",
        "down.1.convolution1.weight",
        "rise.0.project.weight",
        "rise.0.gate.from_kept.weight",
        "rise.0.gate.from_risen.weight",
        "rise.0.gate.attention.weight",
        "up.0.convolution0.weight",
        "up.0.convolution1.weight",
        "finer_rise.0.project.weight",
        "finer_up.0.convolution0.weight",
        "finer_up.0.convolution1.weight",
    ]


@pytest.mark.parametrize("constant", [True, False])
def test_signal_neither_dies_nor_explodes_at_the_start(constant: bool) -> None:
    torch.manual_seed(0)
    net = UNet(input_shape=(44, 44, 44), constant_upsample=constant).build(1)
    with torch.no_grad():
        output = net(torch.randn(1, 1, 44, 44, 44))
    assert 0.1 < output.std() < 10


@pytest.mark.parametrize(
    "name", ["2d", "2d instance", "3d", "3d transposed attention", "3d same attention finer"]
)
@HAS_BFLOAT16
def test_bfloat16_and_channels_last_stay_so_through_the_network(name: str) -> None:
    unet = UNETS[name]
    layout = torch.channels_last if unet.dims == 2 else torch.channels_last_3d
    net = network(unet).to(memory_format=layout).train()
    with torch.autocast("cpu", torch.bfloat16):
        output = net(images(unet, unet.validation_patch).to(memory_format=layout))
    assert output.dtype == torch.bfloat16
    assert output.is_contiguous(memory_format=layout)
    output.float().sum().backward()
    assert all(weights.grad.isfinite().all() for weights in net.parameters())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"normalization": "batch"},
        {"normalization": "instance"},
        {"use_attention": True, "constant_upsample": False},
        {"padding": "same", "input_shape": (32, 32, 32)},
        {"upsample_factors": ((1, 2, 2),)},
    ],
    ids=str,
)
def test_what_training_keeps_is_estimated(changes: dict[str, Any]) -> None:
    unet = UNet(**{"input_shape": (52, 52, 52), "num_fmaps": 4, "eval_shape_increase": (0, 0, 0)} | changes)
    told = 4 * estimates.kept_for_gradients(unet.plan(1), unet.input_patch)
    assert 0.9 < told / _bytes_kept(unet) < 1.1


def _bytes_kept(unet: UNet) -> int:
    net = network(unet).train()
    weights = {weight.untyped_storage().data_ptr() for weight in net.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = net(images(unet, unet.input_patch))
    assert output.requires_grad
    return sum(size for place, size in kept.items() if place not in weights)


@pytest.mark.parametrize(
    "unet",
    [
        UNet(input_shape=(60, 60, 60)),
        UNet(input_shape=(60, 60, 60), use_attention=True, normalization="group"),
        UNet(input_shape=(40, 40, 40), padding="same"),
        UNet(input_shape=(204, 204), eval_shape_increase=(0, 0), downsample_factors=((2, 2),) * 3),
    ],
    ids=["valid", "attention", "same", "2d"],
)
def test_memory_is_estimated_within_a_factor_of_one_and_a_half(unet: UNet) -> None:
    net, image = network(unet).train(), images(unet, unet.input_patch)
    weights = unet.parameter_count(1)
    training = _peak_bytes(lambda: net(image).sum().backward()) + 3 * 4 * weights
    with torch.no_grad():
        prediction = _peak_bytes(lambda: net(image)) + 4 * weights
    assert 1 / 1.5 < unet.training_bytes(1, unet.input_patch, 1) / training < 1.5
    assert 1 / 1.5 < unet.prediction_bytes(1, unet.input_patch) / prediction < 1.5


def _peak_bytes(work: Any) -> int:
    """The most that was allocated at once, gradients of the weights included."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        work()
    events = [event for event in record.profiler.kineto_results.events() if event.name() == "[memory]"]
    held, peak = 0, 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


def _plus(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*shapes, strict=True)))


def _times(shape: tuple[int, ...], factors: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size * factor for size, factor in zip(shape, factors, strict=True))


def _along(shape: tuple[int, ...], steps: tuple[int, ...], stride: tuple[int, ...]) -> tuple[int, ...]:
    return _plus(shape, _times(steps, stride))


def _cut(image: torch.Tensor, start: tuple[int, ...], shape: tuple[int, ...]) -> torch.Tensor:
    slices = (slice(first, first + size) for first, size in zip(start, shape, strict=True))
    return image[(slice(None), slice(None), *slices)]
