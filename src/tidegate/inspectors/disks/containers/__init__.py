"""Files that hold a virtual disk: a module a format, with `opens(head, tail)`, `open_disk(data, meter)`."""
