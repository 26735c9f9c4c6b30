"""Links that cannot become the next leak: the safest kind that serves, a ledger without signatures, an end with proof."""  # noqa: E501
