"""Pixels with axes, voxel size, offset and unit, opened lazily from every format."""
