"""One simulation of the data path from one seed: the real functions and job, on an AWS that fails.

It imports the functions and the job, where the rest of the harness uses them packaged: thousands of schedules a minute
need them in one process, between calls that fail, lose their answers, or are a process's last.
"""
