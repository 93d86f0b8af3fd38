"""A task, a network and a trainer that fit the data."""
