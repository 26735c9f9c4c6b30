"""Forms in which links and keys occur, each with what a scan must say of it. Everything in them is fabricated."""
