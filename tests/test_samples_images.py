from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

import napari_dacapo
from napari_dacapo.samples.neurites import neurites, sectioned_neurites
from napari_dacapo.samples.nuclei import nuclei

SAMPLES = {
    "neurites": (neurites, (40, 48, 56)),
    "sectioned_neurites": (sectioned_neurites, (10, 56, 48)),
    "nuclei": (nuclei, (120, 160)),
}
every_sample = pytest.mark.parametrize(("sample", "shape"), SAMPLES.values(), ids=SAMPLES)


def outline(labels: np.ndarray) -> np.ndarray:
    return ndimage.grey_dilation(labels, 3) != ndimage.grey_erosion(labels, 3)


@every_sample
def test_a_sample_has_the_shape_asked_for(sample, shape):
    made = sample(shape)
    assert made.raw.shape == made.labels.shape == shape
    assert len(made.voxel_size) == len(shape)


@every_sample
def test_the_same_seed_gives_the_same_sample(sample, shape):
    one, same, other = (sample(shape, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.raw, same.raw)
    assert np.array_equal(one.labels, same.labels)
    assert not np.array_equal(one.labels, other.labels)


@pytest.mark.parametrize("sample", [neurites, sectioned_neurites])
def test_neurites_fill_all_space(sample):
    labels = sample(SAMPLES[sample.__name__][1]).labels
    assert np.unique(labels).tolist() == list(range(1, labels.max() + 1))
    assert labels.max() > 3


def test_each_neurite_is_one_piece():
    labels = neurites((48, 48, 48)).labels
    pieces = [ndimage.label(labels == i, np.ones((3, 3, 3)))[1] for i in range(1, labels.max() + 1)]
    assert pieces == [1] * labels.max()


@pytest.mark.parametrize("sample", [neurites, sectioned_neurites])
def test_membranes_are_dark(sample):
    made = sample(SAMPLES[sample.__name__][1])
    assert made.raw.dtype == np.uint8
    border = outline(made.labels) if sample is neurites else np.array([outline(z) for z in made.labels])
    assert made.raw[border].mean() < made.raw[~border].mean() - 20


def test_sections_differ_in_brightness():
    sections = sectioned_neurites((24, 48, 48)).raw.mean(axis=(1, 2))
    block = neurites((72, 48, 48)).raw[1::3].mean(axis=(1, 2))
    assert np.abs(np.diff(sections)).mean() > 2 * np.abs(np.diff(block)).mean()


def test_sections_are_thicker_than_their_pixels_are_wide():
    assert sectioned_neurites((4, 40, 40)).voxel_size == (30.0, 8.0, 8.0)


def test_nuclei_are_bright_and_some_touch():
    made = nuclei((200, 200))
    assert made.raw.dtype == np.uint16
    assert np.unique(made.labels).tolist() == list(range(made.labels.max() + 1))
    assert made.raw[made.labels > 0].mean() > 2 * made.raw[made.labels == 0].mean()
    left, right = made.labels[:, :-1], made.labels[:, 1:]
    assert np.any((left != right) & (left > 0) & (right > 0))


def test_layers_say_where_they_lie_in_the_world():
    from napari.layers import Layer

    image, labels = (Layer.create(*layer) for layer in sectioned_neurites((4, 40, 40)).layers("tissue"))
    assert (image.name, labels.name) == ("tissue", "tissue labels")
    for layer in (image, labels):
        assert tuple(layer.scale) == (30.0, 8.0, 8.0)
        assert [str(unit) for unit in layer.units] == ["nanometer"] * 3
        assert layer.axis_labels == ("z", "y", "x")


def test_the_manifest_names_samples_that_exist():
    from npe2 import PluginManifest

    manifest = PluginManifest.from_file(Path(napari_dacapo.__file__).parent / "napari.yaml")
    offered = {sample.command for sample in manifest.contributions.sample_data}
    names = [c.python_name for c in manifest.contributions.commands if c.id in offered]
    assert len(names) == 3
    for module, name in (python_name.split(":") for python_name in names):
        assert callable(getattr(import_module(module), name))
