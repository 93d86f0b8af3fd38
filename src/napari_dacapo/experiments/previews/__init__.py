"""What the network will be given: patches before a run starts."""
