"""Numbers for a record: replay it forward, sweep it backward, find the first inf or NaN."""
