"""Kinds of things that are no models: one file a kind."""
