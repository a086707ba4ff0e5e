"""Validates raw objects against the data contract. Valid records go on; the others are quarantined with a reason."""
