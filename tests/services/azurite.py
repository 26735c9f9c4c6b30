"""Azurite, as the lab starts it."""

from tidegate.lab.azurite import Account, Azurite, made_up_key

__all__ = ["Account", "Azurite", "made_up_key"]
