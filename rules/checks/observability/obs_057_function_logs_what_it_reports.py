"""OBS-057  function_logs_what_it_reports

Why       The functions report their counts and what they rejected at INFO, as lines of the log. A
          log level above that drops them, and the alarms on those counts fall silent.
Targets   AWS::Lambda::Function
"""

from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::Lambda::Function",
    "LoggingConfig/ApplicationLogLevel LoggingConfig/SystemLogLevel",
    lambda value, function, stack: value in ("TRACE", "DEBUG", "INFO"),
    "its log level is {value}, which drops what it reports.",
    "set ApplicationLogLevel and SystemLogLevel to INFO or lower.",
)
