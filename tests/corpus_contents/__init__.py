"""Made-up contents of exposed storage, with what must be said of them."""
