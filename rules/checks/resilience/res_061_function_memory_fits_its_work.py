"""RES-061  function_memory_fits_its_work

Why       Lambda gives a function processor time in proportion to its memory. With 128 MB a batch that takes seconds
          takes minutes, times out and is delivered again. New accounts are limited to 3,008 MB.
Targets   AWS::Lambda::Function
"""

from rules.lib.numbers import number
from rules.lib.settings import setting

#: Megabytes. What is not set is 128.
LEAST, MOST = 256, 3008

subjects, problems = setting(
    "AWS::Lambda::Function",
    "MemorySize",
    lambda value, function, stack: LEAST <= (number(value) or 0) <= MOST,
    "a function has {value} MB of memory.",
    f"set MemorySize to a number from {LEAST} to {MOST}.",
)
