"""The act of every geometric augment: one resampling of raw and labels through a warp."""
