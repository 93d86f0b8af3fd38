"""Models and projects on their way to and from other programs."""
