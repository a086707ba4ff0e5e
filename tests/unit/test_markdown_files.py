"""Every Markdown file is readable in an editor or a diff: no line is a wall of text."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Maximum characters of a line. Longer table cells go below the table or into a list.
LONGEST = 400


def test_no_line_of_a_markdown_file_is_longer_than_a_screen_shows() -> None:
    listed = subprocess.run(["git", "ls-files", "-z", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    long = [
        f"{path.relative_to(ROOT)}:{number} has {len(line)} characters"
        for path in paths
        if path.is_file()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > LONGEST
    ]

    assert len(paths) > 30
    assert long == []
