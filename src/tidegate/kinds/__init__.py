"""What kinds of things lie in storage: one table of words, and how a name or the first bytes tell them."""
