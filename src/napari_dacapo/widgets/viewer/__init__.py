"""The viewer's layers and where it looks."""
