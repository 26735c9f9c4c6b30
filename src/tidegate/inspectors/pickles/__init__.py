"""A pickle machine that runs nothing: opcodes are interpreted to see what would be called, with what."""
