"""How large an object of the pipeline can be. Whatever is larger, or expands to more, the pipeline did not write."""

from typing import Final

#: Most records of a batch, and so of a raw object: the event source mapping's maximum `BatchSize`
#: (https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html).
MAX_RECORDS: Final = 10_000
#: A batch arrives in one event of at most 6 MB
#: (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
_EVENT_BYTES: Final = 6 * 2**20
#: Most bytes of a raw object, compressed or not. A line has no part that the event has not, and only a partition key
#: can be longer in it: a character of four bytes is written as twelve, `\ud83d\ude00`.
MAX_RAW_BYTES: Final = 3 * _EVENT_BYTES
#: The same of a validated or rejected object, whose lines are at most three times as long: numbers are written without
#: an exponent there (`1e-30` in 34 characters), and bytes in base64 beside the reason for their rejection.
MAX_VERDICT_BYTES: Final = 4 * MAX_RAW_BYTES
