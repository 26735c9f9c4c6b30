"""Judging a grant: how bad it is and why, what to do, and how to say it. Pure: nothing is read or sent."""
