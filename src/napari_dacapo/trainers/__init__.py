"""How to learn: sampling, augments, optimiser and schedule."""
