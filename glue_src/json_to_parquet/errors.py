"""What a run raises on purpose. Both end it as failed, which is what somebody is told of."""


class TransformFailed(Exception):
    """Something was left undone; the message names it. What could be done was done."""


class LockHeld(Exception):
    """Another run is at work, or took over from this one."""
