"""Links that are no next leak: the safest kind that serves, a ledger without secrets, an end with proof."""
