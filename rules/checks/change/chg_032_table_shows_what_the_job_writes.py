"""CHG-032  table_shows_what_the_job_writes

Why       The job writes each feed to a folder of its own, and looks its table up by the feed's name.
          A table of another name, or at another folder, stays empty: queries return nothing, and
          nobody sees an error.
Targets   AWS::Glue::Table
"""

from harness.render.resources import at
from rules.lib import Problem, Problems, Stack, code

TABLE = "AWS::Glue::Table"
PLACE = ("Properties", "TableInput", "StorageDescriptor", "Location")


def subjects(stack: Stack) -> list[str]:
    """The tables of what the job publishes."""
    return [name for name, each in stack.of(TABLE).items() if f"/{code.PUBLISHED}" in str(at(each.body, *PLACE))]


def problems(stack: Stack, subject: str) -> Problems:
    """A folder that is not the feed's, or a name that is no feed's."""
    table = stack.resources[subject]
    folder = str(at(table.body, *PLACE)).partition(f"/{code.PUBLISHED}")[2]
    name = at(table.properties, "TableInput", "Name")
    if str(name) not in code.FEEDS or folder.rstrip("/") != f"feed={name}":
        yield Problem(
            f"the table {name} shows {folder or 'all'} of {code.PUBLISHED}, where the job writes no feed of that name.",
            f"name the table {' or '.join(sorted(code.FEEDS))}, and set Location to {code.PUBLISHED}feed=<name>/.",
            PLACE,
        )
