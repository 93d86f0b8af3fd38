"""What to learn: target, loss, head, post-processing and scores."""
