"""Series over time as an SVG picture: panels below each other, one a quantity."""

from dataclasses import dataclass, field
from html import escape

WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM = 900, 150, 70, 40, 40, 30
COLOURS = ["#1f6fb2", "#c4501b"]


@dataclass
class Series:
    name: str
    times: list
    values: list
    dots: list = field(default_factory=list)  # indexes of values to be seen as dots


@dataclass
class Panel:
    title: str
    series: list
    marks: list = field(default_factory=list)  # times


def nice_top(value):
    """The next of 1, 2, 5, 10 … times a power of ten."""
    step = 1.0
    while True:
        for factor in (1, 2, 5):
            if value <= step * factor:
                return step * factor
        step *= 10


def draw(title, panels):
    """The picture's text."""
    end = max([time for panel in panels for s in panel.series for time in s.times] + [1])
    height = TOP + len(panels) * (PANEL + BOTTOM + 20)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
             f'<text x="{LEFT}" y="20" font-size="15">{escape(title)}</text>']
    for number, panel in enumerate(panels):
        parts += draw_panel(panel, TOP + 20 + number * (PANEL + BOTTOM + 20), end)
    return "\n".join([*parts, "</svg>\n"])


def draw_panel(panel, y, end):
    top = nice_top(max([value for s in panel.series for value in s.values] + [1]))

    def at(time, value):
        return (LEFT + time / end * (WIDTH - LEFT - RIGHT), y + PANEL * (1 - value / top))

    yield f'<text x="{LEFT}" y="{y - 6}">{escape(panel.title)}</text>'
    for share in (0, 0.5, 1):
        x, line = at(0, top * share)
        yield (f'<line x1="{x}" x2="{WIDTH - RIGHT}" y1="{line:.1f}" y2="{line:.1f}" '
               'stroke="#ccc"/>')
        yield f'<text x="{x - 6}" y="{line + 4:.1f}" text-anchor="end">{top * share:g}</text>'
    for share in (0, 0.25, 0.5, 0.75, 1):
        x, _ = at(end * share, 0)
        yield (f'<text x="{x:.1f}" y="{y + PANEL + 16}" text-anchor="middle">'
               f'{end * share / 60:.1f} min</text>')
    for mark in panel.marks:
        x, _ = at(mark, 0)
        yield (f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y + PANEL - 8}" y2="{y + PANEL}" '
               'stroke="#888"/>')
    for number, series in enumerate(panel.series):
        colour = COLOURS[number % len(COLOURS)]
        yield from draw_series(series, colour, at)
        yield (f'<text x="{WIDTH - RIGHT - 330 * number}" y="{y - 6}" text-anchor="end" '
               f'fill="{colour}">{escape(series.name)}</text>')


def draw_series(series, colour, at):
    points = " ".join("{:.1f},{:.1f}".format(*at(time, value))
                      for time, value in zip(series.times, series.values))
    yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.2"/>'
    for index in series.dots:
        x, y = at(series.times[index], series.values[index])
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
