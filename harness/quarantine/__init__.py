"""Reads the quarantine: counts by reason, samples, and the records' own bytes."""
