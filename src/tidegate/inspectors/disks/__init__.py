"""Disk images: containers, partitions and file systems, read by ranges, bounded, in plain Python."""
