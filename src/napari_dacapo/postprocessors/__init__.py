"""From a prediction to a segmentation."""
