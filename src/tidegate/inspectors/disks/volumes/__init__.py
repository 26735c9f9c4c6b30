"""File systems: one module each, with a class that is a `Volume`."""
