"""The page of the runs, the queue in which they train, and the footer that follows it."""
