"""Detection: from batches of text to sightings."""
