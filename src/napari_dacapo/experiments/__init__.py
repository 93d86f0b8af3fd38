"""Runs: training, validation, checkpoints, history, comparison."""
