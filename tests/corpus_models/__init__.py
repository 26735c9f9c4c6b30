"""Model files, each with what must be said of it. Harmful ones are put together from opcodes and never loaded."""
