"""Puts the script that Glue is given in the tree's place: what these tests import of the job is imported from there."""

from harness.packaging.build import job_script

exec(compile(job_script(), "the bundle", "exec"), {"__name__": "bundle"})
