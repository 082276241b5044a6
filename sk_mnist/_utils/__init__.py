"""Helpers that every other package may use: the thread budget, and what searches wrap."""
