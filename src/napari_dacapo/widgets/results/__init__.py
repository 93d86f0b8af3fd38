"""The page of the results, and the layers they are seen as."""
