"""OBS-054  log_group_is_of_the_standard_class

Why       A log of infrequent access costs half, and has no metric filters, no live tail and no
          export. The class cannot be changed later: the group has to be replaced, with its log.
Targets   AWS::Logs::LogGroup
"""

from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::Logs::LogGroup",
    "LogGroupClass",
    lambda value, group, stack: value == "STANDARD",
    "its LogGroupClass is {value}.",
    "set LogGroupClass to STANDARD, or leave it out.",
)
