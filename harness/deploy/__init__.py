"""Packaging and deploying the template with the real AWS CLI, as a release engineer does."""
