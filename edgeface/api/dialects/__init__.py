"""The vendors' APIs: one room per document version. Each parses, calls the engine, and formats."""
