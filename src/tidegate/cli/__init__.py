"""The command line: one module a verb. The only package that prints, reads the environment, or exits."""

from tidegate.cli.entry import main

__all__ = ["main"]
