"""The pages on which a component is defined, named, saved and reused."""
