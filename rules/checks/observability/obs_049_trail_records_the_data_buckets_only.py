"""OBS-049  trail_records_the_data_buckets_only

Why       Every event costs money. The account's own trail records management events, and a second copy costs twenty
          times as much as a data event. A trail that records its own bucket writes a file about each file. What other
          teams read in their buckets is not ours to keep.
Targets   AWS::CloudTrail::Trail
"""

from rules.lib import Problem, Problems, Stack, all_of, trails

FIX = (
    "let each selector have eventCategory Data, resources.type AWS::S3::Object, and resources.ARN StartsWith the ARNs"
    " of this template's data buckets, each with a slash at its end."
)

subjects = all_of(trails.TRAIL)


def problems(stack: Stack, subject: str) -> Problems:
    """Selectors that pick more than objects of the data buckets."""
    trail = stack.resources[subject]
    objects = {f"{each.arn}/" for each in trails.data_buckets(stack).values()}
    selectors = list(trails.picked(trail))
    if not selectors:
        # CloudTrail's default, without a selector: all management events.
        yield Problem("it has no selector, so it records management events, no reads and writes of objects.", FIX)
    for index, begins in selectors:
        if begins is None or not begins or not set(begins) <= objects:
            yield Problem(
                "the trail records events other than reads and writes of objects in this template's data buckets.",
                FIX,
                ("Properties", "AdvancedEventSelectors", index),
            )
