"""How few items must be read to say, with an interval, what all of them hold. Pure: nothing is read here."""
