"""The drawing: well-formed, inside its frame, and told in words."""

from xml.etree import ElementTree

import pytest

from selftaught.core.measurement import Estimate
from selftaught.report.curve import Line, curve


def points(*means: float, error: float | None = 0.1) -> list[tuple[int, Estimate]]:
    return [(t, Estimate(mean, error, 3)) for t, mean in enumerate(means)]


@pytest.mark.parametrize(
    "lines",
    [
        [Line("val", points(0.5))],
        [Line("val", points(0.5, 0.5, error=None)), Line("test", points(0.5, 0.5, error=None))],
        [Line("val", points(-3.0, 40.0, 7.0)), Line("test", points(1e-9, 1e-9, 1e-9))],
        [Line("val", points(*([0.1, 0.9] * 50)))],
        [Line("val", []), Line("test", points(0.2, 0.3))],
    ],
    ids=["one point", "all equal", "far apart", "a hundred steps", "no val"],
)
def test_every_mark_is_inside_the_frame(lines: list[Line]) -> None:
    svg = ElementTree.fromstring(curve(lines, "A title"))
    _, _, width, height = map(float, svg.attrib["viewBox"].split())
    for element in svg.iter():
        across = [float(value) for name, value in element.attrib.items() if name in ("x", "x1", "x2")]
        down = [float(value) for name, value in element.attrib.items() if name in ("y", "y1", "y2")]
        assert all(0 <= value <= width for value in across) and all(0 <= value <= height for value in down)
    marks = [element for element in svg.iter() if element.get("class") == "mark"]
    assert len(marks) == sum(len(line.points) for line in lines)


def test_it_is_told_in_words_to_who_cannot_see_it() -> None:
    svg = ElementTree.fromstring(curve([Line("val", points(0.5)), Line("test", points(0.4, error=None))], "A <b> & c"))
    assert (svg.findtext("title"), svg.findtext("desc")) == (
        "A <b> & c",
        "val: t = 0: 0.500 ± 0.100; test: t = 0: 0.400",
    )


def test_the_y_axis_has_round_numbers_of_equal_length_that_span_the_data() -> None:
    svg = ElementTree.fromstring(
        curve([Line("val", points(0.72, error=0.05)), Line("test", points(0.61, error=0.05))], "A title")
    )
    axis = [element.text for element in svg.iter("text") if element.get("text-anchor") == "end"]
    assert axis == ["0.55", "0.60", "0.65", "0.70", "0.75", "0.80"]


def test_nothing_is_drawn_of_nothing() -> None:
    assert curve([Line("val", [])], "A title") == ""
