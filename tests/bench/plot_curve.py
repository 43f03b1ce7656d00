#!/usr/bin/env python3
"""Draws the table of BENCHMARKS.md, "Quality against the clock", as the picture of the README.

  tests/bench/plot_curve.py > tests/bench/curve.svg
"""
import re
from pathlib import Path

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 340, 56, 24, 44, 48
MINUTES, LOW, HIGH = 60, 0.26, 0.335

text = (Path(__file__).resolve().parents[2] / "BENCHMARKS.md").read_text(encoding="utf-8")
rows = re.findall(r"^\| \d+ \| ([\d.]+) \| (\.\d+) \| ([\d.]*) ?\| (\.?\d*) ?\|$", text, re.MULTILINE)
assert len(rows) > 10, "BENCHMARKS.md has no table of epochs"
ours = [(float(m), float(v)) for m, v, _, _ in rows]
torch = [(float(m), float(v)) for _, _, m, v in rows if m]


def place(minutes, value):
    x = LEFT + (WIDTH - LEFT - RIGHT) * minutes / MINUTES
    return x, HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - LOW) / (HIGH - LOW)


def curve(points, colour, label, at, dy):
    shown = [place(*p) for p in points if p[1] >= LOW]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in shown)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in shown)
    x, y = place(*at)
    return (f'<g fill="{colour}" stroke="none"><polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'
            f'<text x="{x:.0f}" y="{y + dy:.0f}" font-weight="bold">{label}</text></g>')


grid = []
for value in (0.26, 0.28, 0.30, 0.32, 0.33):
    _, y = place(0, value)
    grid.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
                f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.2f}</text>')
for minutes in range(0, MINUTES + 1, 10):
    x, y = place(minutes, LOW)
    grid.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{minutes}</text>')

print(f'''<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13" fill="#333">
<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>
<text x="{LEFT}" y="24" font-size="15">Validation NDCG@100 against minutes: 135,141 users, 19,920 items, two cores</text>
{"".join(grid)}
<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 10}" text-anchor="middle">minutes of training and evaluation</text>
{curve(torch, "#b3591a", "PyTorch, tuned and compiled", (27, 0.3235), 0)}
{curve(ours, "#1a5fb3", "recvae", (12.4, 0.3305), 0)}
</svg>''')
