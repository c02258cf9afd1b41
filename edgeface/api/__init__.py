"""The doors: the daemon, its listeners and who may come in, the native API and the vendors' dialects."""
