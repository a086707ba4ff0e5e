"""Stores every message of the stream as it arrived. Judges nothing beyond which feed it belongs to."""
