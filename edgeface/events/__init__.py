"""What happened: a durable log with sequence numbers, its readers, and the sinks that act on it."""
