"""The types that stages hand to each other. Standard library only."""
