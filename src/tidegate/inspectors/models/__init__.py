"""Model files: what would run if someone loaded them. One file a format."""
