"""Who is enrolled: groups, users and their templates, sealed in SQLite, with an index of each group to search."""
