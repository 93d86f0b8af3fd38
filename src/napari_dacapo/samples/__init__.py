"""Generated samples with their truth, realistic enough to train on: nothing is downloaded."""

from napari_dacapo.samples.neurites import neurites_layers, sectioned_neurites_layers
from napari_dacapo.samples.nuclei import nuclei_layers

__all__ = ["neurites_layers", "nuclei_layers", "sectioned_neurites_layers"]
