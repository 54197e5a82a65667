"""Figures of experiments: no line passes for another, and none is drawn far from its place."""

from xml.etree import ElementTree

import pytest

from selftaught.report.figures import Figure, Point, drawing

SVG = "{http://www.w3.org/2000/svg}"


def drawn(lines: int, *, over_names: bool) -> ElementTree.Element:
    points = {f"line {n}": [Point(0.0, 0.1), Point(1.0, 0.1 + n / 100)] for n in range(lines)}
    return ElementTree.fromstring(drawing(Figure("f", "Title", "x", "y", points, ("a", "b") if over_names else ())))


def look(element: ElementTree.Element) -> tuple[str | None, ...]:
    return tuple(element.get(name) for name in ("stroke", "stroke-dasharray"))


@pytest.mark.parametrize("over_names", [False, True])
def test_no_two_of_many_lines_look_alike(over_names: bool) -> None:
    found = drawn(32, over_names=over_names)
    legend = [look(rect) for rect in found.iter(f"{SVG}rect") if rect.get("stroke")]
    assert len(set(legend)) == len(legend) == 32
    if not over_names:
        assert [look(line) for line in found.iter(f"{SVG}polyline")] == legend
    marks = [(circle.get("stroke"), circle.get("fill")) for circle in found.iter(f"{SVG}circle")]
    assert len(set(marks)) == 16  # filled and hollow, in eight colours


@pytest.mark.parametrize("lines", [1, 5, 12, 32])
def test_lines_over_a_number_stay_near_their_place(lines: int) -> None:
    paths = [line.get("points", "").split() for line in drawn(lines, over_names=False).iter(f"{SVG}polyline")]
    first = [float(path[0].partition(",")[0]) for path in paths]
    assert max(first) - min(first) <= 32


@pytest.mark.parametrize("lines", [1, 5, 12, 40])
def test_dots_over_a_name_do_not_stand_over_the_next_one(lines: int) -> None:
    places = [float(circle.get("cx", "")) for circle in drawn(lines, over_names=True).iter(f"{SVG}circle")]
    assert max(places[::2]) < min(places[1::2])
