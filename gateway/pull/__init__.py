"""Pull sources: pages of other systems, fetched, read, and published as readings of their own time."""
