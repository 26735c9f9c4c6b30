"""Who used a leaked credential: read from the logs of the service, a line at a time."""
