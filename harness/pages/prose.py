"""The words of `rules/README.md` that stay as they are; what stands in braces is filled in."""

WHAT = """\
<!-- Written by `tox -e rules -- --write`; do not edit. -->

What the template promises, as {controls} in [controls.yaml](controls.yaml), and the {rules} rules that hold it to
that: {guard} of CloudFormation Guard in [guard](guard), {checkov} policies of Checkov in [checkov](checkov) and
{checks} checks in Python in [checks](checks). Each rule is one file, with its cases beside it and a page of its own in
[docs/rules](../docs/rules). The only way to let a finding through is [waivers.yaml](waivers.yaml).

From a requirement of a framework: find its id [by framework](#by-framework) and follow it to the control and to the
rules. A rule's page has why it is there, what it refuses, its cases, its verdict and the mutants it killed."""

JUDGED = """\
## How a rule is judged

The gate judges the template as written, and in {scenarios}: renderings with every parameter given and every condition
decided. In each of them a rule comes to one of four verdicts:

- **pass**: it looked, and refuses nothing;
- **fail**: it refuses a resource; **waived**, if a waiver lets all of that through;
- **not applicable**: there is nothing of its kind;
- **not evaluated**: it could not say. That is so of the source alone, where values are still functions, or where a rule
  reads only renderings. A rule that was never evaluated has not passed.

A rule that passes may be one that sees nothing. So each has cases that it refuses and cases that it accepts. And the
template is broken on purpose, at one place at a time: of {total} mutants the rules kill {killed}, which is to refuse
them, {harmless} harmless for a reason that was reviewed, and {survived}. "Alone" counts those that no other rule kills.

Of {asked} mutants that cfn-lint and Checkov's own checks were asked about as well, {neither} got past both of them.

The engines are {engines}. Beside these rules, {others} judge the template; no control rests on them. What other public
rule sets say of the template, and our answers, are in [docs/outside-scanners.md](../docs/outside-scanners.md)."""

WAIVERS = """\
Each lets one rule refuse one resource. One that has expired, or that nothing needs any more, fails the gate like any
finding."""

HOW_TO = """\
## How to add a rule in five steps

1. Write the rule. Where one resource decides, it is a Guard rule, `guard/<intent>/<slug>.guard`. Where resources are
   compared, it is a check, `checks/<intent>/<slug>.py`, with `subjects` and `problems`. Where one resource decides and
   something has to be computed, it is a policy, `checkov/<slug>.py`. The slug is a sentence that holds for a good
   template, and the file begins with the header below.
2. Write its cases, each of which the header lists: `tests/<slug>_tests.yml`, with names that begin with `SKIP - `,
   `PASS - ` or `FAIL - `; for Checkov, a template `tests/<slug>.yaml` and `tests/<slug>_expected.yaml`. There is one
   FAIL for each way of being wrong, and one for a bad resource beside a good one.
3. Name it in [controls.yaml](controls.yaml), under the control that it enforces.
4. `tox -e gate` has to find nothing in the template, and `tox -e mutants` neither a survivor nor a rule that kills
   nothing alone.
5. `tox -e rules -- --write` writes this page, and the rule's own; without `--write` it says whether they are stale.

The header of a Guard rule; of a check or a policy it is the docstring, without the `#`:

```text
# ENC-099  archive_encrypts_with_a_customer_key
#
# Why       What goes wrong without it, and for whom, in two or three sentences.
# Targets   AWS::S3::Bucket
#
# Cases     SKIP  no bucket in the template
#           PASS  the key of the pipeline; another key of ours
#           FAIL  no key; an alias in place of a key; no Properties; a bad archive beside a
#                 good one
```

The id is the intent's three letters and the next number, or `CKV_FDP_` and the next number. Cases are separated by
semicolons; SKIP is left out where a rule always applies. Each clause says what is wrong and what to type. In a Guard
rule:

```text
<<
  Violation: an archive names no key of ours.
  Fix: set KMSMasterKeyID to the ARN of the pipeline's key.
>>
```

In a check it is `Problem("...", "...", path)`, and a policy yields `path, "..."`."""
