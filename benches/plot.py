#!/usr/bin/env python3
"""Draws comparison.svg of comparison.json: CPU time for each request, one bar for each contestant.

usage: plot.py JSON SVG

No background and colours of middle lightness, so that it can be read on a light and on a dark page.
"""

import json
import math
import sys
from html import escape

GROUPS = {
    "plain": "Plain proxy",
    "routes": "Many routes",
    "tokens": "1,000 different tokens, all of them verified",
    "component": "WebAssembly component in Wasmtime (another scale)",
}
WIDTH, LEFT, RIGHT = 860, 330, 140
ROW, BAR, GAP = 26, 16, 44
TEXT, LINE = "#6e7781", "#6e778155"
OURS, FLOOR, OTHERS = "#2f81f7", "#3fa45b", "#9a8fb0"


def colour(name):
    if name.startswith(("tollgate", "component")):
        return OURS
    return FLOOR if name in ("floor", "passthrough") else OTHERS


def ticks(most):
    """Round numbers from 0 to at least `most`, five steps or so."""
    rough = most / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= rough)
    return [step * number for number in range(math.ceil(most / step) + 1)]


def text(x, y, words, anchor="start", size=13, fill=TEXT, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}" '
            f'font-weight="{weight}">{escape(words)}</text>')


def rows_of(contestants, group):
    return [one for one in contestants if one["group"] == group]


def panel(contestants, groups, top):
    """The groups that share a scale. Returns what to draw and where it ends."""
    shown = [one for group in groups for one in rows_of(contestants, group)]
    most = max((one["cpu_us_highest"] for one in shown if one["state"] == "ready"), default=0)
    if not most:
        return [], top
    marks = ticks(most)
    scale = (WIDTH - LEFT - RIGHT) / marks[-1]
    drawn, y = [], top
    for group in groups:
        rows = rows_of(contestants, group)
        if not rows:
            continue
        drawn.append(text(0, y + 15, GROUPS[group], size=14, weight="bold"))
        drawn.append(text(WIDTH, y + 15, "requests/s", "end", 11))
        y += 28
        for one in rows:
            drawn += bar(one, y, scale)
            y += ROW
        y += 12
    y -= 6
    for mark in marks:
        x = LEFT + mark * scale
        drawn.insert(0, f'<line x1="{x:.1f}" y1="{top + 24}" x2="{x:.1f}" y2="{y}" stroke="{LINE}"/>')
        drawn.append(text(x, y + 15, f"{mark:g}", "middle", 11))
    drawn.append(text(WIDTH - RIGHT + 14, y + 15, "µs", size=11))
    return drawn, y + GAP


def bar(one, y, scale):
    middle = y + BAR / 2
    yield text(LEFT - 10, middle + 4.5, one["title"], "end")
    if one["state"] != "ready":
        yield text(LEFT + 6, middle + 4.5, one["state"], size=12)
        return
    width = one["cpu_us_per_request"] * scale
    low, high = (LEFT + one[key] * scale for key in ("cpu_us_lowest", "cpu_us_highest"))
    yield f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2" fill="{colour(one["name"])}"/>'
    if high - low >= 1:
        yield (f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 3}v6M{high:.1f} {middle - 3}v6" '
               f'stroke="{TEXT}" stroke-width="1.2"/>')
    yield text(max(LEFT + width, high) + 7, middle + 4.5, f"{one['cpu_us_per_request']:.1f}", weight="bold")
    yield text(WIDTH, middle + 4.5, f"{one['requests_per_second']:,.0f}", "end", 12)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        data = json.load(file)
    contestants, facts = data["contestants"], data["facts"]
    drawn = [text(0, 20, "CPU time of the proxy for each request", size=17, weight="bold")]
    drawn.append(text(0, 42, f"microseconds, user and kernel; less is better. Median, lowest and highest "
                             f"of {facts['rounds']} rounds of {facts['seconds']} s", size=12))
    first, y = panel(contestants, ["plain", "routes", "tokens"], 62)
    second, y = panel(contestants, ["component"], y)
    drawn += [*first, *second, text(0, y - 8, f"{facts['cpu']}; {facts['date']}", size=11)]
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-12 0 {WIDTH + 24} {y + 8:.0f}" '
                   f'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">\n'
                   "<title>CPU time of the proxy for each request</title>\n" + "\n".join(drawn) + "\n</svg>\n")


if __name__ == "__main__":
    main()
