"""Random changes of a training patch, drawn first and applied afterwards."""
