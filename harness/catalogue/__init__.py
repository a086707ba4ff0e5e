"""The rule set as data: each rule's name, reason, cases and controls."""
