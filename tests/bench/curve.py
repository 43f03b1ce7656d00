#!/usr/bin/env python3
"""Quality against wall clock: recvae_train and a PyTorch program on the same prepared directory, from the same initial weights.

  curve.py DIR --build BUILD [--minutes M] [--epochs N] [--program torch_tuned.py] [--compile] [--only ours|torch] [--python PYTHON] [--out curve.json]
Prints NDCG@100 on validation by epoch and minute, and the minutes that each side takes to reach some levels. Wall clock is training and evaluation seconds of both sides;
starting up and reading the data are left out; what compiling takes is in the first epoch. A side ends after the epoch in which its M minutes are over.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def points(epochs):
    """(epoch, minutes since the start, NDCG@100) after each epoch."""
    minutes, result = 0.0, []
    for epoch, seconds, valid in epochs:
        minutes += seconds / 60
        result.append((epoch, minutes, valid))
    return result


def within(curve, limit):
    return [p for i, p in enumerate(curve) if i == 0 or curve[i - 1][1] < limit]


def run_ours(args, data, init, scratch):
    out = scratch / "run"
    command = [args.build / "tools" / "recvae_train", "--data", data, "--init_from", init, "--out", out, "--epochs", args.epochs, "--threads", args.threads, "--quiet",
               "--metrics", "ndcg@100"]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)

    def read():
        file = out / "metrics.jsonl"
        text = file.read_text() if file.is_file() else ""
        lines = map(json.loads, text[:text.rfind("\n") + 1].splitlines())
        return points((line["epoch"], line["seconds"] + line["valid_seconds"], line["valid"]["ndcg@100"]) for line in lines)

    while process.poll() is None:
        time.sleep(2)
        curve = read()
        if curve and curve[-1][1] >= args.minutes:
            process.send_signal(signal.SIGINT)
            process.wait()
            return within(read(), args.minutes)
    if process.returncode:
        sys.exit(f"recvae_train: exit status {process.returncode}")
    return within(read(), args.minutes)


def run_torch(args, data, init, scratch):
    command = [args.python, HERE / args.program, data, "--init", init, "--eval", "--threads", args.threads, "--serve"] + ["--compile"] * args.compile
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdout.readline()  # ready
    curve = []
    while len(curve) < args.epochs and (not curve or curve[-1][1] < args.minutes):
        process.stdin.write("\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            sys.exit(f"{args.program} ended")
        epoch = json.loads(line)
        minutes = (curve[-1][1] if curve else 0.0) + (epoch["seconds"] + epoch["valid_seconds"]) / 60
        curve.append((epoch["epoch"], minutes, epoch["valid"]))
        print(f"torch epoch {epoch['epoch']}: {minutes:.2f} min, {epoch['valid']:.4f}", file=sys.stderr, flush=True)
    process.stdin.close()
    process.wait()
    return curve


def reached(curve, level):
    return next((minutes for _, minutes, valid in curve if valid >= level), None)


def levels(curves):
    """Shares of the best value that every side reached, down from it."""
    best = min(max(valid for _, _, valid in curve) for curve in curves.values())
    return [share * best for share in (0.8, 0.9, 0.95, 0.98, 0.99, 1.0)]


def table(curves):
    def show(value, digits):
        return "" if value is None else f"{value:.{digits}f}"

    names = list(curves)
    lines = ["| epoch | " + " | ".join(f"{n}: minutes | {n}: NDCG@100" for n in names) + " |", "|" + "---|" * (1 + 2 * len(names))]
    for i in range(max(map(len, curves.values()))):
        cells = [curve[i] if i < len(curve) else (None,) * 3 for curve in curves.values()]
        lines.append(f"| {i + 1} | " + " | ".join(f"{show(c[1], 2)} | {show(c[2], 4)}" for c in cells) + " |")
    lines += ["", "| minutes to NDCG@100 | " + " | ".join(names) + (" | torch / ours |" if len(names) > 1 else " |"), "|" + "---|" * (1 + len(names) + (len(names) > 1))]
    for level in levels(curves):
        times = [reached(curve, level) for curve in curves.values()]
        ratio = [f"{times[1] / times[0]:.2f}"] if len(times) > 1 else []
        lines.append(f"| {level:.4f} | " + " | ".join([show(t, 2) for t in times] + ratio) + " |")
    return "\n".join(lines) + "\n\nMinutes are training and evaluation together, for both.\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=Path, help="prepared directory with validation users")
    parser.add_argument("--build", type=Path, help="build directory (not needed with --only torch)")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--program", default="torch_tuned.py", help="or torch_dense.py, torch_tiled.py")
    parser.add_argument("--compile", action="store_true", help="with torch.compile")
    parser.add_argument("--only", choices=["ours", "torch"])
    parser.add_argument("--python", default=sys.executable, help="a Python with torch, numpy, scipy, safetensors")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if args.only != "torch" and not args.build:
        parser.error("--build")
    with tempfile.TemporaryDirectory() as scratch:
        init = Path(scratch, "init.safetensors")
        subprocess.run([args.python, HERE / "torch_init.py", args.dir, "--out", init], check=True)
        sides = {"ours": run_ours, "torch": run_torch}
        curves = {name: run(args, args.dir, init, Path(scratch)) for name, run in sides.items() if args.only in (None, name)}
    print(table(curves), end="")
    if args.out:
        args.out.write_text(json.dumps(curves) + "\n")


if __name__ == "__main__":
    main()
