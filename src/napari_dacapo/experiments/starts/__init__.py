"""Where a run starts: freshly, or with weights that exist."""
