#!/usr/bin/env python3
"""What reading, splitting and writing a large ratings file takes, beside what the machine needs to look at its bytes.

  bench_read.py TOOLS DIR [--rows 25000095] [--rounds 5]

TOOLS: the folder with the built commands. DIR: where the made-up files are, or are to be made (25 million rows take 630 MB
each and two minutes): `grouped.csv`, whose rows stand by user as MovieLens' do, and `shuffled.csv`, the same in random
order. Programs take turns; seconds are the median of the rounds and their range, the memory is the largest peak. Files are
in the page cache. Needs NumPy; pandas takes part where it is installed.
"""
import argparse
import importlib.util
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

USERS, ITEMS = 162_541, 59_047  # MovieLens 25M's


def make(directory, rows):
    import numpy as np  # here, in a process of its own: a program's peak counts what it was forked from

    draw = np.random.default_rng(1)
    users = np.sort((draw.pareto(1.2, rows) * USERS / 40).astype(np.int64) % USERS) + 1
    items = (draw.random(rows) ** 3 * ITEMS).astype(np.int64) * 3 + 1
    ratings = draw.integers(1, 11, rows) / 2
    times = draw.integers(789_652_009, 1_574_327_703, rows)
    for name, order in [("grouped.csv", np.arange(rows)), ("shuffled.csv", draw.permutation(rows))]:
        with open(directory / name, "w") as file:
            file.write("userId,movieId,rating,timestamp\n")
            for begin in range(0, rows, 500_000):
                part = order[begin:begin + 500_000]
                columns = (column[part].tolist() for column in (users, items, ratings, times))
                file.writelines("%d,%d,%s,%d\n" % row for row in zip(*columns))


def measured(command):
    """Seconds and peak MB of a command."""
    start = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{error.decode()}")
    return time.monotonic() - start, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rows", type=int, default=25_000_095)
    parser.add_argument("--rounds", type=int, default=5)
    o = parser.parse_args()
    o.directory.mkdir(parents=True, exist_ok=True)
    if not (o.directory / "shuffled.csv").exists():
        maker = multiprocessing.Process(target=make, args=(o.directory, o.rows))
        maker.start()
        maker.join()
        if maker.exitcode != 0:
            sys.exit(1)

    out = o.directory / "out"
    held_out = str(min(10_000, o.rows // 1000))

    def prepare(*options):
        return lambda file: [o.tools / "recvae_prepare", "--data", file, "--out", out, "--quiet", *options]

    programs = {
        "wc -l": lambda file: ["wc", "-l", file],
        "recvae_prepare, users held out": prepare("--heldout_users", held_out),
        "the same, --threshold 3.5": prepare("--heldout_users", held_out, "--threshold", "3.5"),
        "recvae_prepare --split ratio": prepare("--split", "ratio"),
    }
    if importlib.util.find_spec("pandas"):
        read = "import pandas, sys; pandas.read_csv(sys.argv[1])"
        programs["pandas.read_csv alone"] = lambda file: [sys.executable, "-c", read, file]

    print("| file | | seconds | MB/s | peak memory |\n|---|---|---|---|---|")
    for name in ("grouped.csv", "shuffled.csv"):
        file = o.directory / name
        runs = {program: [] for program in programs}
        for _ in range(o.rounds):
            for program, command in programs.items():
                shutil.rmtree(out, ignore_errors=True)
                runs[program].append(measured(command(file)))
        for program, all_runs in runs.items():
            seconds, memory = zip(*all_runs)
            median = statistics.median(seconds)
            print(f"| {name} | {program} | {median:.2f} ({min(seconds):.2f} to {max(seconds):.2f}) "
                  f"| {file.stat().st_size / 1e6 / median:.0f} | {max(memory):.0f} MB |", flush=True)
    shutil.rmtree(out, ignore_errors=True)


if __name__ == "__main__":
    main()
