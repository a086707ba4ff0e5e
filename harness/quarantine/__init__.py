"""What the pipeline refused, read back for a person: how much for which reason, samples, and the records' own bytes."""
