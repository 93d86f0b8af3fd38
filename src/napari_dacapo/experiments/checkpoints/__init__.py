"""Weights and the state of a training, in files that no crash can damage."""
