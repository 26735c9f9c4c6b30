"""The order of the stages, the workers, and what becomes of one that fails. Knows no provider's name."""
