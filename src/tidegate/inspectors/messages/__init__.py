"""Stores of messages: how their files are built, and what is counted in them. Numbers, never text."""
