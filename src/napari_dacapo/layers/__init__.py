"""What the engine knows as napari layers, and layers as the engine takes them; napari is not imported."""
