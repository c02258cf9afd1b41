"""What the databases in the state directory share: shape, connections, private and durable files, faults."""
