"""Optimizers as pure functions, written in gates."""
