"""Networks as records: what they need and what they give, before any training."""
