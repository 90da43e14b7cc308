"""Pictures of descents, schedules and gradients, drawn with matplotlib (`microgd[plots]`).

Nothing here changes matplotlib's settings or opens a window; matplotlib is imported when the first
picture is drawn.
"""
