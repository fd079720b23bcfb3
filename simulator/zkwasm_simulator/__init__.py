"""Runs, profiles and checks zkASM programs."""
