"""Texts of `rules/README.md` and `build/rules/README.md`, with placeholders in braces."""

WHAT = """\
<!-- Written by `tox -e rules -- --write`; do not edit. -->

What the template promises, and the rules that enforce it. A promise is a control of [controls.yaml](controls.yaml).
Each control has rules, and each rule is one file: a CloudFormation Guard rule in [guard](guard), a Checkov policy in
[checkov](checkov) or a Python check in [checks](checks), with its cases in `cases/` beside it. A file is called by the
rule's id and slug: ENC-099 is the file `enc_099_*`.

From a requirement to its proof:

1. Find the requirement [by framework](#by-framework). Its line names the controls that serve it.
2. A [control](#controls) says what is promised, what is not covered, and which rules enforce it.
3. A rule's file says why the rule is there, what it refuses, and what to type instead. Its line in
   [proof.csv](proof.csv) has its verdict on the template, and how many mutants it kills.

`tox -e rules` also writes a page for each rule, with its cases, verdict and mutants, into `build/rules/`."""

JUDGED = """\
## How a rule is judged

The gate judges the template as written, and in scenarios: renderings with every parameter given and every condition
decided. A rule comes to one of these verdicts:

- **pass**: it looked, and refuses nothing.
- **fail**: it refuses a resource. **waived**: it does, and [waivers.yaml](waivers.yaml) accepts each finding, for one
  resource, with a reason, an owner and a date. There is no other way to let a finding through.
- **not applicable**: the template has nothing of its kind.
- **not evaluated**: it could not decide. A rule that was never evaluated has not passed.

A rule that passes may be one that sees nothing. So each rule has cases that it must refuse and cases that it must
accept. And the template is broken on purpose, in one place at a time. Each broken copy is a mutant, and a rule that
refuses it kills it. In [proof.csv](proof.csv), `mutants_killed` counts those, and `killed_alone` the ones that no other
rule kills. Every mutant is killed, or [harmless.yaml](harmless.yaml) says why it does no harm. Every rule kills at
least one alone.

cfn-lint and some of Checkov's own checks judge the template too; no control rests on them. What other public rule sets
say of it, and our answers, are in [docs/outside-scanners.md](../docs/outside-scanners.md)."""

HOW_TO = """\
## How to add a rule

1. Write it. Where one resource decides, it is a Guard rule, `guard/<intent>/<id>_<slug>.guard`. Where resources are
   compared, it is a check, `checks/<intent>/<id>_<slug>.py`. Where one resource decides and something has to be
   computed, it is a Checkov policy, `checkov/<id>_<slug>.py`. The slug is a sentence that holds for a good template.
   The id is the intent's three letters, or `CKV_FDP_`, and the next number; in the file's name it has small letters,
   and `_` for `-`. Each message says what is wrong, and what to type. The file begins with:

   ```text
   # ENC-099  archive_encrypts_with_a_customer_key
   #
   # Why       What goes wrong without it, and for whom.
   # Targets   AWS::S3::Bucket
   ```

2. Write its cases in `cases/`, in a file of the same name: a base that passes, and a case for each way of being wrong.
3. Name it in [controls.yaml](controls.yaml), under the control that it enforces.
4. `tox -e gate` has to find nothing in the template, and `tox -e mutants` neither a survivor nor a rule that kills
   nothing alone.
5. `tox -e rules -- --write` writes this page and [proof.csv](proof.csv); without `--write` it says whether they are
   stale."""

CONTROLS = "Why each is promised is in [controls.yaml](controls.yaml)."

UNCHECKED = "⚠ Its place in the framework could not be read in a source: not checked."

INDEX = """\
<!-- Written by `tox -e rules` from what the gate and the mutants reported; not in git. -->

Verdicts and mutants of the rules that [rules/README.md](../../rules/README.md) lists, as
[rules/proof.csv](../../rules/proof.csv) has them, and where each verdict holds.

The gate judged the template as written, and in {scenarios}, with {engines}. Of {total} mutants the rules kill {killed},
{harmless} harmless for a reason that was reviewed, and {survived}.

Of {asked} mutants that cfn-lint and Checkov's own checks were asked about as well, {neither} got past both of them."""
