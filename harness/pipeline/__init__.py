"""`make pipeline`: deploy, replay, drain, transform, and account for every record."""
