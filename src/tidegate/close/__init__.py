"""Ends what leaked: a plan, its journal, and the proof. Writes only what a plan announced."""
