"""The ports on a laptop: SQLite, files, DuckDB."""
