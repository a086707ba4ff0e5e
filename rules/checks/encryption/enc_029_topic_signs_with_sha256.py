"""ENC-029  topic_signs_with_sha256

Why       A subscriber trusts an alert by its signature. Version 1 signs with SHA-1, which can be
          forged.
Targets   AWS::SNS::Topic
"""

from rules.lib.settings import setting

subjects, problems = setting(
    "AWS::SNS::Topic",
    "SignatureVersion",
    lambda value, topic, stack: str(value) == "2",
    "the topic signs its messages with version {value}.",
    "set SignatureVersion to '2'.",
)
