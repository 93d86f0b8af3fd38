"""Trained networks on whole volumes: what it will cost, block by block, stopped and gone on with."""
