"""Train, validate and apply segmentation networks on images of any size."""
