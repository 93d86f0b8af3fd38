"""What a U-Net's record tells and refuses before any network is built."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unets import UNETS

from napari_dacapo.architectures.anisotropy import suggested_factors
from napari_dacapo.architectures.architecture import Architecture
from napari_dacapo.architectures.unet import UNet
from napari_dacapo.errors import UserInputError


def cubes(*sizes: int) -> list[tuple[int, int, int]]:
    return [(size, size, size) for size in sizes]


def kernels(size: int, levels: int) -> tuple[Any, ...]:
    return (((size, size, size),) * 2,) * levels


def test_the_usual_patch_of_92_gives_52() -> None:
    assert UNet().output_shape((92, 92, 92)) == (52, 52, 52)


def test_three_poolings_of_2_turn_212_into_whole_steps_of_8() -> None:
    # 212 - 4 = 208, 104 - 4 = 100, 50 - 4 = 46, 23 - 4 = 19; 38 - 4 = 34, 68 - 4 = 64, 128 - 4 = 124 -> 120
    unet = UNet(downsample_factors=tuple(cubes(2, 2, 2)), input_shape=(212, 212, 212))
    assert unet.output_shape((212, 212, 212)) == (120, 120, 120)


def test_context_of_one_pooling_is_18() -> None:
    # up: 5 voxels on the fine grid, which lie in at most 3 of the coarse; 4 more there: 7 of 2 is 14; 4 more
    unet = UNet(downsample_factors=((2, 2, 2),), input_shape=(20, 20, 20), eval_shape_increase=(0, 0, 0))
    assert unet.context == (18, 18, 18)


def test_context_without_wide_kernels_is_one_pooled_block() -> None:
    unet = UNet(
        downsample_factors=((1, 2, 4),),
        kernel_size_down=kernels(1, 2),
        kernel_size_up=kernels(1, 1),
        input_shape=(1, 2, 4),
        eval_shape_increase=(0, 0, 0),
    )
    assert unet.context == (1, 2, 4)
    assert unet.border == (0, 0, 0)
    assert unet.output_shape((1, 2, 4)) == (1, 2, 4)


def test_parameters_of_a_small_network_worked_by_hand() -> None:
    unet = UNet(
        num_fmaps=2,
        fmap_inc_factor=2,
        fmaps_out=3,
        downsample_factors=((2, 2),),
        kernel_size_down=(((3, 3),), ((3, 3),)),
        kernel_size_up=(((3, 3),),),
        input_shape=(16, 16),
        eval_shape_increase=(0, 0),
    )
    down, bottom = 1 * 2 * 9 + 2, 2 * 4 * 9 + 4
    rise, up = 4 * 2 + 2, 4 * 3 * 9 + 3
    assert unet.parameter_count(1) == down + bottom + rise + up == 217


def test_memory_grows_with_the_batch_and_less_for_prediction() -> None:
    unet = UNet()
    one, two = (unet.training_bytes(1, unet.input_patch, batch) for batch in (1, 2))
    assert 1.9 < two / one <= 2
    assert unet.prediction_bytes(1, unet.input_patch) < one / 2


@pytest.mark.parametrize(
    ("name", "scale"), [("2d", (1, 1)), ("2d finer", (4, 3)), ("3d same attention finer", (1, 2, 2))]
)
def test_scale_is_the_product_of_the_upsamplings(name: str, scale: tuple[int, ...]) -> None:
    assert UNETS[name].scale == scale


def test_stride_is_the_product_of_the_poolings() -> None:
    assert UNETS["3d anisotropic"].stride == (2, 4, 4)


@given(data=st.data())
def test_nearest_shapes_work_and_none_is_nearer(data: st.DataObject) -> None:
    unet = data.draw(st.sampled_from(list(UNETS.values())))
    wish = data.draw(st.tuples(*[st.integers(1, 120)] * unet.dims))
    near, above = unet.nearest_input_shape(wish), unet.nearest_input_shape(wish, at_least=True)
    for axis, (size, got, larger) in enumerate(zip(wish, near, above, strict=True)):
        sizes = list(unet.valid_sizes(axis, 200))
        assert abs(got - size) == min(abs(one - size) for one in sizes)
        assert larger == min(one for one in sizes if one >= size)
    assert min(unet.output_shape(near)) > 0
    assert unet.output_shape(above)


@given(data=st.data())
def test_every_other_shape_is_refused(data: st.DataObject) -> None:
    unet = data.draw(st.sampled_from(list(UNETS.values())))
    shape = data.draw(st.tuples(*[st.integers(1, 120)] * unet.dims))
    if all(size in unet.valid_sizes(axis, 120) for axis, size in enumerate(shape)):
        assert len(unet.output_shape(shape)) == unet.dims
    else:
        with pytest.raises(UserInputError, match="Nearest that work"):
            unet.output_shape(shape)


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"input_shape": (92, 94, 92)},
        "input_shape is (92, 94, 92): an input of (92, 94, 92) does not fit this network's poolings along y. "
        "Nearest that work: (92, 92, 92) and (92, 96, 92). Along y it takes 44, 48, 52 and so on by 4.",
    ),
    (
        {"input_shape": (20, 92, 92)},
        "input_shape is (20, 92, 92): an input of (20, 92, 92) does not fit this network's poolings along z. "
        "Nearest that work: (44, 92, 92). Along z it takes 44, 48, 52 and so on by 4.",
    ),
    (
        {"padding": "same", "downsample_factors": ((4, 4, 4),), "input_shape": (3, 8, 8)},
        "input_shape is (3, 8, 8): an input of (3, 8, 8) does not fit this network's poolings along z. "
        "Nearest that work: (4, 8, 8). Along z it takes 4, 8, 12 and so on by 4.",
    ),
    (
        {"padding": "same", "normalization": "batch", "input_shape": (4, 4, 4)},
        "input_shape is (4, 4, 4): the bottom would be one voxel, which cannot be normalised. "
        "Nearest that work: (4, 4, 8). Along x it takes 4, 8, 12 and so on by 4.",
    ),
    (
        {"eval_shape_increase": (70, 72, 72)},
        "eval_shape_increase is (70, 72, 72): an input of (162, 164, 164) does not fit this network's "
        "poolings along z. Nearest that work: (68, 72, 72) and (72, 72, 72).",
    ),
    (
        {"input_shape": (92, 92)},
        "input_shape is (92, 92): this network works in 3D. Give 3 sizes, one for each axis.",
    ),
    (
        {"downsample_factors": ((2, 2, 2), (2, 2))},
        "downsample_factors is ((2, 2, 2), (2, 2)): (2, 2) has 2 numbers, this network works in 3D. Give 3.",
    ),
    (
        {"downsample_factors": tuple(cubes(16, 16, 16))},
        "the factors of one axis multiply to 4096. Keep their product within 1024.",
    ),
    (
        {"kernel_size_up": kernels(3, 1)},
        "it lists 1 levels where downsample_factors makes 2. List 2, or none for two kernels of 3 at each.",
    ),
    (
        {"kernel_size_down": kernels(2, 3)},
        "kernels of even size would shift the output by half a voxel. Use odd sizes.",
    ),
    ({"upsample_factors": ((2, 2),)}, "(2, 2) has 2 numbers, this network works in 3D. Give 3."),
    ({"padding": "half"}, "padding is 'half': Input should be 'valid' or 'same'."),
    ({"num_fmaps": 0}, "num_fmaps is 0: Input should be greater than or equal to 1."),
    ({"fmaps": 3}, "fmaps is 3: no such field. Did you mean num_fmaps?"),
]


@pytest.mark.parametrize(("fields", "message"), REFUSED, ids=[str(fields) for fields, _ in REFUSED])
def test_what_cannot_work_is_refused_with_what_can(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UserInputError) as refusal:
        UNet(**fields)
    assert str(refusal.value).rstrip(".").endswith(message.rstrip("."))
    assert refusal.value.field == list(fields)[-1]


def test_a_bottom_of_one_voxel_is_no_wish_of_a_normalised_network() -> None:
    unet = UNet(padding="same", normalization="instance")
    assert unet.nearest_input_shape((1, 1, 1)) == (4, 4, 8)


@pytest.mark.parametrize(
    ("voxel_size", "factors"),
    [
        ((40.0, 4.0, 4.0), ((1, 2, 2), (1, 2, 2), (1, 2, 2), (2, 2, 2))),
        ((30.0, 8.0, 8.0), ((1, 2, 2), (2, 2, 2), (2, 2, 2), (2, 2, 2))),
        ((8.0, 8.0, 8.0), ((2, 2, 2),) * 4),
        ((1.0, 0.5), ((1, 2), (2, 2), (2, 2), (2, 2))),
    ],
)
def test_fine_axes_are_pooled_first(voxel_size: tuple[float, ...], factors: tuple[Any, ...]) -> None:
    assert suggested_factors(voxel_size, 4) == factors


def test_cubic_poolings_of_long_voxels_get_a_warning() -> None:
    (warning,) = UNet().warnings((40.0, 4.0, 4.0))
    assert "Suggested: ((1, 2, 2), (1, 2, 2))" in warning


@pytest.mark.parametrize(
    ("unet", "voxel_size"),
    [
        (UNet(), (8.0, 8.0, 8.0)),
        (UNet(), (10.0, 8.0, 8.0)),
        (UNETS["3d anisotropic"], (16.0, 8.0, 8.0)),
        (UNet(downsample_factors=((1, 2, 2), (1, 2, 2))), (40.0, 4.0, 4.0)),
    ],
    ids=["cubes", "nearly cubes", "made for it", "the best of two poolings"],
)
def test_fitting_poolings_get_no_warning(unet: UNet, voxel_size: tuple[float, ...]) -> None:
    assert unet.warnings(voxel_size) == ()


@pytest.mark.parametrize("unet", UNETS.values(), ids=UNETS)
def test_records_survive_json(unet: UNet) -> None:
    assert Architecture.from_json(json.loads(json.dumps(unet.to_json()))) == unet


def test_the_record_needs_no_torch() -> None:
    asked = (
        "import sys; from napari_dacapo.architectures.unet import UNet; unet = UNet();"
        "unet.context, unet.scale, unet.border, unet.output_shape(unet.validation_patch);"
        "unet.parameter_count(1), unet.training_bytes(1, unet.input_patch, 2);"
        "unet.prediction_bytes(1, unet.input_patch), unet.warnings((1.0, 1.0, 1.0));"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0
