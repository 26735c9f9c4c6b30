"""Looking into items: by ranged reads, as few bytes as possible, and never by loading them."""
