"""Emit: a circuit as the program that a student would write by hand, in one language or another.

The backward rules are those of the table of gates, run on symbols: no rule is written twice.
"""
