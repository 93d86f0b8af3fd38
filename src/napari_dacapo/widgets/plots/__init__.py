"""Curves of training."""
