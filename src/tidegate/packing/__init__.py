"""How bytes are packed: what the readers of archives share."""
