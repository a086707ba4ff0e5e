"""RES-055  function_is_stopped_in_a_loop

Why       A function that feeds its own queue runs, and costs, until somebody notices. Lambda stops
          such a loop unless it is told not to.
Targets   AWS::Lambda::Function
"""

from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::Lambda::Function",
    "RecursiveLoop",
    lambda value, function, stack: value == "Terminate",
    "its RecursiveLoop is {value}.",
    "set RecursiveLoop to Terminate, or leave it out.",
)
