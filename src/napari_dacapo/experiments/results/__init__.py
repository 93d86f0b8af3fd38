"""What training told: history, scores, the best, and results of another post-processing."""
