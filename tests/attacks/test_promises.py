"""What docs/security.md promises has tests beside it: they are there, under the names that it gives."""

import re
from pathlib import Path

_TESTS = Path(__file__).parent.parent


def test_every_test_that_the_page_names_is_there() -> None:
    page = (_TESTS.parent / "docs" / "security.md").read_text()
    named = set(re.findall(r"`(test_\w+)`", page))
    there = {name for file in _TESTS.rglob("*.py") for name in re.findall(r"^ *def (test_\w+)", file.read_text(), re.M)}
    assert len(named) > 30
    assert named - there == set()


def test_every_promise_of_a_table_has_a_test_beside_it() -> None:
    page = (_TESTS.parent / "docs" / "security.md").read_text()
    tables = re.findall(r"^\|[^\n]*\| tests \|\n\|[-|]+\|\n((?:\|.*\n)+)", page, re.M)
    rows = [row for table in tables for row in table.splitlines()]
    assert (len(tables), len(rows) > 15) == (2, True)
    assert [row for row in rows if not re.search(r"`test_\w+`", row.rsplit("|", 2)[1])] == []
