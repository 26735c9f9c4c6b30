"""What lies behind a grant: listed into a catalogue on disk, and summed up."""
