"""The descent lab: functions to walk down on, the walk, and its record."""
