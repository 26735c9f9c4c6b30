"""Where we look: each source reads one kind of target and says where in it a hit is."""
