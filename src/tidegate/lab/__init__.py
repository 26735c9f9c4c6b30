"""Stands for the cloud on this machine: made-up accounts, answered as the real service answers."""
