"""What every augment keeps to, whatever its kind."""

from typing import Any

import numpy as np
import pytest

from napari_dacapo.augments.augment import Augment, GeometricAugment, IntensityAugment
from napari_dacapo.trainers.trainer import Trainer

KINDS = Augment.kinds()
SHAPES = [((6, 8, 8), (4.0, 1.0, 1.0)), ((8, 8), (1.0, 1.0))]


def same(one: Any, other: Any) -> bool:
    """Equal, arrays and records of arrays included."""
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    names = getattr(one, "__slots__", None)
    return all(same(getattr(one, n), getattr(other, n)) for n in names) if names else bool(one == other)


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_is_stored_and_read_back_within_a_trainer(name: str) -> None:
    trainer = Trainer(augments=(KINDS[name](probability=0.25),))
    assert Trainer.from_json(trainer.to_json()) == trainer


@pytest.mark.parametrize("name", KINDS)
def test_every_field_has_a_tooltip(name: str) -> None:
    assert all(field.description for field in KINDS[name].model_fields.values())


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("shape", "voxel_size"), SHAPES)
def test_equal_seeds_draw_equal_parameters_and_others_draw_others(
    name: str, shape: Any, voxel_size: Any
) -> None:
    augment = KINDS[name]()
    drawn = [augment.draw(np.random.default_rng(seed), shape, voxel_size) for seed in (1, 1, *range(2, 60))]
    assert same(drawn[0], drawn[1])
    one_z_section = "section_probability" in KINDS[name].model_fields and len(shape) == 2
    assert one_z_section or not all(same(drawn[0], other) for other in drawn[2:])


@pytest.mark.parametrize("name", [n for n, kind in KINDS.items() if issubclass(kind, IntensityAugment)])
@pytest.mark.parametrize(("shape", "voxel_size"), SHAPES)
def test_acting_twice_alike_gives_the_same_float32_and_leaves_raw_as_it_is(
    name: str, shape: Any, voxel_size: Any
) -> None:
    augment = KINDS[name]()
    assert isinstance(augment, IntensityAugment)
    raw = np.random.default_rng(0).random((2, *shape), np.float32)
    before = raw.copy()
    for seed in range(20):
        parameters = augment.draw(np.random.default_rng(seed), shape, voxel_size)
        changed, again = augment.act(raw, **parameters), augment.act(raw, **parameters)
        np.testing.assert_array_equal(changed, again)
        assert changed.dtype == np.float32
        assert changed.shape == raw.shape
        assert np.isfinite(changed).all()
    np.testing.assert_array_equal(raw, before)


@pytest.mark.parametrize("name", [n for n, kind in KINDS.items() if issubclass(kind, GeometricAugment)])
@pytest.mark.parametrize(("shape", "voxel_size"), SHAPES)
def test_every_warp_can_be_undone(name: str, shape: Any, voxel_size: Any) -> None:
    for seed in range(20):
        warp = KINDS[name]().draw(np.random.default_rng(seed), shape, voxel_size)
        assert abs(np.linalg.det(warp.matrix)) > 0.1
        assert warp.matrix.shape == (len(shape),) * 2


def test_every_kind_moves_voxels_or_changes_intensities() -> None:
    assert all(issubclass(kind, GeometricAugment | IntensityAugment) for kind in KINDS.values())
    assert len(KINDS) >= 12
