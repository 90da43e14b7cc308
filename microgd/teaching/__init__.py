"""Teaching: what a lesson becomes. A page to play, a quiz, slides, worksheets, lectures, mistakes.

All of it reads a `Trace`; nothing here computes a gradient of its own, except to show a mistake.
"""
