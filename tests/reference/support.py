"""What the comparisons share: our commands, and tables of two sides' metrics."""
import statistics
import subprocess
import sys
import time


def finished(tools, command, *options):
    """(subprocess's result, seconds) of one of our commands, which has to work."""
    line = [str(word) for word in (tools / command, *options)]
    start = time.monotonic()
    result = subprocess.run(line, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(line)}:\n{result.stderr}")
    return result, time.monotonic() - start


def ours(tools, command, *options):
    """(stdout, seconds) of it."""
    result, seconds = finished(tools, command, *options)
    return result.stdout, seconds


def per_user(table):
    """{user: [metric...]} of a file of recvae_evaluate --per_user, users without a value left out."""
    lines = [line.split("\t") for line in table.read_text().splitlines()[1:]]
    return {line[0]: [float(value) for value in line[1:]] for line in lines if all(line)}


def metrics_of(text):
    """{"ndcg@100": 0.4425} of lines such as "ndcg@100:<TAB>0.4425", which end the text."""
    return {name: float(value) for name, value in (line.split(":\t") for line in text.splitlines() if ":\t" in line)}


class Table:
    """Rows of (side, seed, metrics), printed as they come; then means and standard deviations of each side."""

    def __init__(self):
        self.sides = {}

    def add(self, side, seed, metrics, seconds):
        if not self.sides:
            print(f"| | seed | {' | '.join(metrics)} | seconds |\n|{'---|' * (len(metrics) + 3)}")
        self.sides.setdefault(side, []).append(metrics)
        print(f"| {side} | {seed} | {' | '.join(f'{value:.4f}' for value in metrics.values())} | {seconds:.0f} |", flush=True)

    def end(self):
        for side, rows in self.sides.items():
            columns = [[row[name] for row in rows] for name in rows[0]]
            deviations = [f" ± {statistics.stdev(column):.4f}" if len(column) > 1 else "" for column in columns]
            print(f"| {side} | mean | {' | '.join(f'{statistics.mean(c):.4f}{d}' for c, d in zip(columns, deviations))} | |")
