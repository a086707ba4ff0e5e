"""Texts of `rules/README.md`, `docs/refusals.md` and `build/rules/README.md`, with placeholders in braces."""

WHAT = """\
<!-- Written by `tox -e rules -- --write`; do not edit. -->

What the template promises, and the rules that enforce it. A promise is a control of [controls.yaml](controls.yaml).
Each control has rules, and each rule is one file: a CloudFormation Guard rule in [guard](guard), a Checkov policy in
[checkov](checkov) or a Python check in [checks](checks), with its cases in `cases/` beside it. A file is called by the
rule's id and slug: ENC-099 is the file `enc_099_*`.

From a requirement to its proof:

1. Find the requirement [by framework](#by-framework). Its line names the controls that address it.
2. A [control](#controls) says what is promised, what is not covered, and which rules enforce it.
3. A rule's file says why the rule exists, what it rejects, and how to fix it. Its line in
   [proof.csv](proof.csv) has its verdict on the template, and how many mutants it kills.

`tox -e rules` also writes a page for each rule, with its cases, verdict and mutants, into `build/rules/`."""

JUDGED = """\
## How a rule is judged

The gate judges the source and its scenarios: renderings with every parameter set and every condition resolved. A rule
has one of these verdicts:

- **pass**: it evaluated the template and found nothing.
- **fail**: it rejects a resource. **waived**: [waivers.yaml](waivers.yaml) accepts each finding, for one resource, with
  a reason, an owner and a date. Nothing else can waive a finding.
- **not applicable**: the template has no such resource.
- **not evaluated**: it could not decide, which does not count as passed.

A passing rule could be ineffective. So each rule has cases that it must reject and cases that it must accept. And the
template is broken on purpose, one place at a time. Each broken copy is a mutant, and a rule that rejects it kills it.
In [proof.csv](proof.csv), `mutants_killed` counts those, and `killed_alone` the ones that no other rule kills. Every
mutant is killed, or [harmless.yaml](harmless.yaml) says why it is harmless. Every rule kills at least one alone.

cfn-lint and some of Checkov's own checks judge the template too; no control depends on them. Findings of other public
rule sets, with our answers, are in [docs/outside-scanners.md](../docs/outside-scanners.md). What AWS refuses when a
stack is created, and which rule refuses it before, is in [refusals.yaml](refusals.yaml), shown by service in
[docs/refusals.md](../docs/refusals.md)."""

ACCESS = """\
## Who can touch what

[access.yaml](access.yaml) says who is meant to touch what. Each row has a principal, actions, resources, conditions and
its reason: the code that makes the call, or AWS's page about what a service does. `tox -e access` computes what the
policies allow in every scenario, and compares it with the table both ways, for every class of requests that the
policies tell apart. What is allowed and not meant is a finding, and so is what is meant and not allowed, each with a
request that shows it. The gate has the same findings. `tox -e access -- --base origin/main` says what a change allows
and denies.

- [calls.csv](calls.csv) is the record of what the roles were authorised to do in a run of the whole stack. The table
  has every recorded call, and a page for every other one. Each grant is also taken away, by itself, and missed:
  [grants_taken.py](../tests/integration/grants_taken.py) says how.
- [questions.yaml](questions.yaml) has questions in plain words, such as who can delete an archived version, each with a
  twin that differs in one fact. `tox -e access -- --questions` answers them with the statement that decides.
- Every statement is broken in every way: widened, narrowed, negated, hidden, doubled, with an Allow or a Deny of every
  form beside it. `tox -e policy-mutants` lets access alone notice each, or
  [harmless_policies.yaml](harmless_policies.yaml) says why it decides nothing.
- Two other evaluators of IAM policies are asked random requests. Where they disagree with ours, AWS's documentation
  decides: [disagreements.yaml](../tests/second_opinion/disagreements.yaml).
- What is assumed, and what is not modelled:
  [decision 34](../docs/decisions/0034-access-is-computed-over-classes-of-requests.md)."""

HOW_TO = """\
## How to add a rule

1. Write it: for a single resource, a Guard rule, `guard/<intent>/<id>_<slug>.guard`; to compare resources, a check,
   `checks/<intent>/<id>_<slug>.py`; for a single resource that needs computation, a Checkov policy,
   `checkov/<id>_<slug>.py`. The slug is a sentence that is true for a good template. The id is the intent's three
   letters, or `CKV_FDP_`, and the next number; the file's name has it in lower case, with `_` for `-`. Each message
   says what is wrong and what to type. The file begins with:

   ```text
   # ENC-099  archive_encrypts_with_a_customer_key
   #
   # Why       What goes wrong without it, and for whom.
   # Targets   AWS::S3::Bucket
   ```

2. Write its cases in `cases/`, in a file of the same name: a base that passes, and a case for each way of being wrong.
3. Name it in [controls.yaml](controls.yaml), under the control that it enforces.
4. `tox -e gate` must find nothing in the template, and `tox -e mutants` no survivor and no rule that kills nothing
   alone.
5. `tox -e rules -- --write` writes this page and [proof.csv](proof.csv); without `--write` it reports whether they
   are stale."""

CONTROLS = "The reasons are in [controls.yaml](controls.yaml)."

UNCHECKED = "⚠ Not verified in the framework's source."

INDEX = """\
<!-- Written by `tox -e rules` from the reports of the gate and the mutants; not in git. -->

Verdicts and mutants of the rules in [rules/README.md](../../rules/README.md), as in
[rules/proof.csv](../../rules/proof.csv), and the scope of each verdict.

The gate judged the source and {scenarios}, with {engines}. Of {total} mutants the rules kill {killed}, {harmless}
harmless for a reviewed reason, and {survived}.

Of {asked} mutants that cfn-lint and Checkov's own checks judged too, both missed {neither}."""

REFUSALS = """\
<!-- Written by `tox -e rules -- --write` from `rules/refusals.yaml`; do not edit. -->

A template that lints clean can still fail when its stack is created: services have rules that no schema shows. These
are {entries} of {services} services that AWS refuses, each with what refuses it before AWS is asked.

- **AWS's message** is quoted from a public report. It is empty where no report quotes it.
- **Source** is AWS's documentation of the constraint, a report of a refusal, or both.
- **Enforced by** names a rule of this project by its slug, which also names its file (see
  [architecture](architecture.md#from-a-name-to-its-file)), or a rule of cfn-lint by its id. `overlay`: it
  depends on the order of creation or on what is there, which no template shows; the emulated AWS refuses it.

For each other entry `rules/refusals.yaml` has a change of the template that AWS would refuse. A test makes this change
and requires that the rule refuses it, and does not refuse the template as it is. tests/integration/test_refusals.py
deploys what is refused for order or state, and expects AWS's message. All of this was read; none was tried on AWS."""
