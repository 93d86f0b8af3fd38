"""A run: looked at before it starts, trained, validated, side by side with others."""
