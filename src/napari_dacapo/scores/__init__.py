"""How good a segmentation is, told from one contingency table of it and the truth."""
