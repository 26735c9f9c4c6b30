"""Readers of archives and compressed streams over a `Readable`: they believe no header, and write nothing."""
