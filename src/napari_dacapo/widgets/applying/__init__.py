"""The page on which a trained run segments an image."""
