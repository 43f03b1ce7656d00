#!/usr/bin/env python3
"""Times bench_train against PyTorch, interleaved, on the same data from the same weights.

  compare.py --build BUILD --shape ml20m --users 3000 [--rounds 5] [--python PYTHON] [--out results.json]
  compare.py --build BUILD --data DIR ...
First every side trains an outer epoch without dropout, noise and shuffling: their losses must agree, since speed without equal losses is none. Then each side takes
the better of 1 and 2 threads, and all run an outer epoch in turn, one at a time, ROUNDS times over, so that what the machine does meanwhile hits all alike.
The table goes to stdout and, next to the JSON of --out, into a .md file.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOLERANCE = 1e-4
PLAIN = ["--dropout", "0", "--noise-std", "0", "--no-shuffle"]


class Side:
    def __init__(self, name, command, plain, environment):
        self.name, self.command, self.plain, self.environment = name, command, plain, environment
        self.threads, self.epochs = None, []

    def losses(self, threads):
        """The first epoch of a plain run."""
        lines = subprocess.run([*self.command, *self.plain, "--epochs", "1", "--threads", str(threads)], env=self.environment, stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(lines.stdout.splitlines()[-1])


class Server:
    """A program that trains one outer epoch per line it is sent, and waits in between."""

    def __init__(self, side, threads):
        self.side = side
        self.process = subprocess.Popen([*side.command, "--serve", "--threads", str(threads)], env=side.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        if not self.read().get("ready"):
            sys.exit(f"{self.side.name} did not get ready")
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.stdout.close()
        if error[0]:
            self.process.terminate()
        self.process.wait()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.side.name} ended: {' '.join(map(str, self.process.args))}")
        return json.loads(line)

    def epoch(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.read()


def check_losses(sides, threads):
    """The largest relative difference between any side's losses and the dense program's; ends the comparison where it is too large."""
    results = {side.name: side.losses(threads) for side in sides}
    reference, failed, rows = results["P0"], False, []
    for name, result in results.items():
        differences = {key: abs(result[key] / reference[key] - 1) for key in ("loss", "decoder_loss")}
        wrong = not all(d <= TOLERANCE for d in differences.values())  # not: a NaN is wrong too
        failed |= wrong
        rows.append({"side": name, "loss": result["loss"], "decoder_loss": result["decoder_loss"], "difference": max(differences.values())})
        print(f"{name}: loss {result['loss']:.6f}, decoder {result['decoder_loss']:.6f}, relative to P0's {differences['loss']:.1e} and "
              f"{differences['decoder_loss']:.1e}{': TOO FAR' if wrong else ''}", file=sys.stderr, flush=True)
    if failed:
        sys.exit(f"the losses differ by more than {TOLERANCE:g}")
    return rows


def best_threads(side, choices):
    seconds = {}
    for threads in choices:
        with Server(side, threads) as server:
            server.epoch()
            seconds[threads] = min(server.epoch()["seconds"] for _ in range(2))
    print(f"{side.name}: " + ", ".join(f"{s:.3f} s on {t}" for t, s in seconds.items()), file=sys.stderr, flush=True)
    return min(seconds, key=seconds.get), seconds


def table(sides, header):
    ours = [epoch["seconds"] for epoch in sides[0].epochs]
    lines = [header, "", "| | threads | seconds per outer epoch (median, range) | peak memory | against ours (median, range) |", "|---|---|---|---|---|"]
    for side in sides:
        seconds = [epoch["seconds"] for epoch in side.epochs]
        ratios = [s / o for s, o in zip(seconds, ours)]
        peak = max(epoch["peak_bytes"] for epoch in side.epochs) / 1e6
        against = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if side is not sides[0] else "1"
        lines.append(f"| {side.name} | {side.threads} | {statistics.median(seconds):.3f} ({min(seconds):.3f} to {max(seconds):.3f}) | {peak:,.0f} MB | {against} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=Path, help="build directory")
    parser.add_argument("--shape", choices=["ml20m", "netflix", "msd", "ml1m"], help="generate data of this shape")
    parser.add_argument("--users", type=int, default=3000)
    parser.add_argument("--data", type=Path, help="a prepared directory instead")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--python", default=sys.executable, help="a Python with torch, numpy, scipy, safetensors")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="thread counts to choose from")
    parser.add_argument("--sides", nargs="+", default=["ours, Haswell", "P0", "P1", "P1 compiled", "P1 tiled"],
                        help="what to time beside ours (P0 is checked against in any case)")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    if (args.shape is None) == (args.data is None):
        parser.error("one of --shape and --data")
    bench = args.build / "tests" / "bench" / "bench_train"
    # Ours runs twice: with the kernels that OpenBLAS chooses for this processor, and with those for AVX2.
    ours_environment = {name: value for name, value in os.environ.items() if name not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    haswell_environment = ours_environment | {"OPENBLAS_CORETYPE": "Haswell"}

    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        data, init = args.data or Path(scratch, "data"), Path(scratch, "init.safetensors")
        if args.shape:
            subprocess.run([bench, "--shape", args.shape, "--users", str(args.users), "--write", data], env=ours_environment, stdout=subprocess.DEVNULL, check=True)
        subprocess.run([args.python, HERE / "torch_init.py", data, "--out", init], check=True)

        def torch_side(name, program, *options):
            return Side(name, [args.python, HERE / program, data, "--init", init, *options], PLAIN, os.environ)

        command = [bench, "--data", data, "--init", init, "--json", "--no_roofs"]
        ours = Side("ours", command, ["--plain"], ours_environment)
        dense = torch_side("P0", "torch_dense.py")
        others = [Side("ours, Haswell", command, ["--plain"], haswell_environment), dense, torch_side("P1", "torch_tuned.py"),
                  torch_side("P1 compiled", "torch_tuned.py", "--compile"), torch_side("P1 tiled", "torch_tiled.py")]
        sides = [ours] + [side for side in others if side.name in args.sides]
        losses = check_losses(sides + [dense] * (dense not in sides), max(args.threads))

        choice = {}
        for side in sides:
            side.threads, choice[side.name] = best_threads(side, args.threads)
        roofs = json.loads(subprocess.run([bench, "--roofs", "--json"], env=ours_environment, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[-1])
        load = os.getloadavg()[0]

        servers = []
        for side in sides:  # each warms up alone
            servers.append(stack.enter_context(Server(side, side.threads)))
            servers[-1].epoch()
        for round_number in range(args.rounds):
            for server in servers:
                server.side.epochs.append(server.epoch())
            print(f"round {round_number + 1}: " + ", ".join(f"{side.name} {side.epochs[-1]['seconds']:.3f}" for side in sides), file=sys.stderr, flush=True)

        what = f"{args.shape}, {args.users} users" if args.shape else data.name
        header = (f"{what}; {roofs['engine']}; on {roofs['threads']} threads sgemm {roofs['gemm_gflops']:.0f} GFLOP/s, memory {roofs['bandwidth_gbs']:.0f} GB/s; "
                  f"{args.rounds} rounds; losses agree to {max(row['difference'] for row in losses):.0e}.")
        text = table(sides, header)
        print(text, end="")
        if args.out:
            record = {"data": what, "roofs": roofs, "load_before": load, "losses": losses, "thread_choice": choice,
                      "sides": [{"name": side.name, "threads": side.threads, "epochs": side.epochs} for side in sides]}
            args.out.write_text(json.dumps(record, indent=1) + "\n")
            args.out.with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
