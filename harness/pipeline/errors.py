"""Why a run of the pipeline ends early."""


class PipelineError(Exception):
    """The run cannot go on; the message says why in one line, and where to look."""
