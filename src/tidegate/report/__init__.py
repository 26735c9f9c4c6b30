"""One module a format; each has a `PLUGIN` (see `tidegate.plugins.Reporter`)."""
