"""Plain torch modules; they know nothing of records."""
