"""Kinds of model files that are archives, told by the names in them; one file a kind."""
