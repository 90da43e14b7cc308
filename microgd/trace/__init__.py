"""The lesson: one immutable list of events that tables, pictures, players and slides read."""
