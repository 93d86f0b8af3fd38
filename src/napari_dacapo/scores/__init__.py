"""How good a segmentation is, from one contingency table."""
