"""The rule set as data: what each rule is called, why it is there, which cases it has and which control it enforces."""
