"""Named records in TinyDB, and the workspace folder."""
