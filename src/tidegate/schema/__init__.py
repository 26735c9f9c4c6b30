"""JSON Schema of every JSON output, made from the types that the outputs are written from."""
