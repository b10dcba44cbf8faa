"""The history on disk: closed hours of the log as Parquet, with 1-minute rollups, read by DuckDB."""
