"""Attack paths, one a file: what somebody who sees the link could do with it."""
