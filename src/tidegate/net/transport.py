"""Sending requests: the guard stands in front, the recorder behind."""
