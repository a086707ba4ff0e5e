"""Makes these tests import the job from the bundled script that Glue gets, not from the tree."""

from harness.packaging.build import job_script

exec(compile(job_script(), "the bundle", "exec"), {"__name__": "bundle"})
