"""The only way out: every request of Tidegate passes the guard of this package."""
