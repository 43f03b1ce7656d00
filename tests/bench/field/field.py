#!/usr/bin/env python3
"""Times bench_field beside other libraries, all programs in turns on the same numbers.

  field.py --build BUILD --python PYTHON [--programs mlp gmm ode tape] [--threads 1 2] [--rounds 7]
           [--cppad INCLUDE] [--stan HTTPSTAN] [--out results.json]
PYTHON has torch and numpy and may have jax; INCLUDE has cppad/, HTTPSTAN is the folder of the package httpstan, which brings Stan Math. Each program runs one round
that does not count, then all run a round in turn, ROUNDS times over, so that what the machine does meanwhile hits all alike. The tables go to stdout: medians, ranges, the
medians of the ratios of a round, and the ratios of the best rounds, which neighbours disturb least. Values of the first step must agree to 1e-4.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
STEPS = {"mlp": 40, "gmm": 30, "ode": 20, "tape": 7}
FEWER = {"ode": 3, "tape": 200}  # steps of PyTorch, which takes so much longer, or does one at a time


class Side:
    """A program that runs a round per line it is sent, and waits in between."""

    def __init__(self, name, command, environment, steps, source, blocks):
        self.name, self.steps, self.records = name, steps, []
        self.lines = sum(user_lines(source, block) for block in blocks)
        self.process = subprocess.Popen(list(map(str, command)), env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.engine = self.read()["engine"]
        self.first = self.round(1)  # the value before anything moved
        self.round(self.steps)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.wait()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended: {' '.join(self.process.args)}")
        return json.loads(line)

    def round(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        return self.read()


def user_lines(source, block):
    """Lines between 'user: BLOCK' and 'end', without comments and empty ones."""
    inside, count = False, 0
    for line in map(str.strip, (HERE / source).read_text().splitlines()):
        if re.fullmatch(rf"(//|#) user: {block}", line):
            inside = True
        elif line in ("// end", "# end"):
            inside = False
        elif inside and line and not re.match(r'//|#|"""', line):
            count += 1
    return count


def compile_scalar(scratch, args):
    """field_scalar for each library whose headers were named."""
    made = {}
    libraries = {"CppAD": (args.cppad, ["-DWITH_CPPAD", f"-I{args.cppad}"], []),
                 "Stan Math": (args.stan, ["-DWITH_STAN", "-D_REENTRANT", f"-I{args.stan}/include"],
                               [f"-L{args.stan}/lib", f"-Wl,-rpath,{args.stan}/lib", "-l:libtbb.so.2"])}
    for name, (folder, flags, libraries_flags) in libraries.items():
        if folder:
            made[name] = Path(scratch, name.replace(" ", "_"))
            subprocess.run(["c++", "-O3", "-DNDEBUG", "-std=c++17", *flags, HERE / "field_scalar.cpp", "-o", made[name], *libraries_flags], check=True)
    return made


def sides_of(program, threads, args, scalar):
    """(name, command, environment, steps, source, blocks of user code) of each side, ours first."""
    plain = {name: value for name, value in os.environ.items() if name not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    bench, steps = args.build / "tests" / "bench" / "field" / "bench_field", STEPS[program]
    ours = lambda name: [bench, name, threads]
    step = ["ode step"] if program == "ode" else []  # lines that two forms share
    sides = [("ours", ours(program), plain, steps, "bench_field.cpp", [program, *step])]
    if program == "mlp":
        sides.append(("ours, Haswell kernels", ours(program), plain | {"OPENBLAS_CORETYPE": "Haswell"}, steps, "bench_field.cpp", [program]))
    if program == "ode":
        sides.append(("ours, rows [1, 2]", ours("ode_rows"), plain, steps, "bench_field.cpp", ["ode rows", *step]))
    variants = {"mlp": ["eager", "fused", "compile"], "gmm": ["eager", "compile"]}.get(program, ["eager"])
    for how in variants:
        name = {"eager": "PyTorch eager", "fused": "PyTorch, fused Adam", "compile": "PyTorch compiled" + (", fused Adam" if program == "mlp" else "")}[how]
        sides.append((name, [args.python, HERE / "field_torch.py", program, threads, how], plain, FEWER.get(program, steps), "field_torch.py", [program, *step]))
    if program == "ode":
        sides.append(("PyTorch eager, rows [1, 2]", [args.python, HERE / "field_torch.py", "ode_rows", threads], plain, FEWER[program], "field_torch.py", ["ode rows", *step]))
    if subprocess.run([args.python, "-c", "import jax"], stderr=subprocess.DEVNULL).returncode == 0:
        sides.append(("JAX, jitted", [args.python, HERE / "field_jax.py", program, threads], plain, FEWER.get(program, steps) if program == "tape" else steps, "field_jax.py", [program]))
    if program in ("ode", "tape"):
        sides += [(name, [command, program, threads], plain, steps, "field_scalar.cpp", [program, name]) for name, command in scalar.items()]
        if program == "ode" and "CppAD" in scalar:
            sides.append(("CppAD, recorded once", [scalar["CppAD"], program, threads, "once"], plain, steps, "field_scalar.cpp", [program, "CppAD"]))
    return sides


def spread(values, digits):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def table(program, threads, sides):
    unit, scale = ("us", 1e6) if program == "tape" else ("ms", 1e3)
    ours = [record["seconds"] for record in sides[0].records]
    extra = {"gmm": ["gradient / objective"], "ode": ["million nodes/s", "bytes/node"], "tape": ["bytes/node"]}.get(program, [])
    lines = [f"| {program}, {threads} thread{'s' * (threads > 1)} | {unit} (median, range) | times ours (median, range) | best over our best | {''.join(e + ' | ' for e in extra)}lines |",
             "|---|---|---|---|---|" + "---|" * len(extra)]
    for side in sides:
        seconds = [record["seconds"] for record in side.records]
        cells = {"gradient / objective": lambda r: f"{r['seconds'] / r['objective']:.2f}", "million nodes/s": lambda r: f"{r['nodes_per_second'] / 1e6:.2f}",
                 "bytes/node": lambda r: f"{r['bytes_per_node']:.0f}"}
        middle = sorted(side.records, key=lambda r: r["seconds"])[len(side.records) // 2]
        known = {"gradient / objective": "objective", "million nodes/s": "nodes", "bytes/node": "bytes_per_node"}
        more = "".join(f"{cells[e](middle) if known[e] in middle else ''} | " for e in extra)
        lines.append(f"| {side.name} | {spread([scale * s for s in seconds], 2)} | {spread([s / o for s, o in zip(seconds, ours)], 2)} | {min(seconds) / min(ours):.2f} | {more}{side.lines} |")
    return "\n".join(lines)


def compare(program, threads, args, scalar):
    with ExitStack() as stack:
        sides = []
        for name, command, environment, steps, source, blocks in sides_of(program, threads, args, scalar):
            sides.append(stack.enter_context(Side(name, command, environment, steps, source, blocks)))
            first = sides[-1].first["loss"]
            if not abs(first / sides[0].first["loss"] - 1) <= 1e-4:
                sys.exit(f"{name}: {program} has {first}, ours {sides[0].first['loss']}")
        load = os.getloadavg()[0]
        for _ in range(args.rounds):
            for side in sides:
                side.records.append(side.round(side.steps))
    print(f"{', '.join(dict.fromkeys(side.engine for side in sides))}; {args.rounds} rounds; load before {load:.1f}\n\n{table(program, threads, sides)}\n", flush=True)
    return {"program": program, "threads": threads, "load_before": load, "sides": [{"name": side.name, "engine": side.engine, "rounds": side.records} for side in sides]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=Path, help="build directory")
    parser.add_argument("--python", required=True, help="a Python with torch and numpy, perhaps jax")
    parser.add_argument("--programs", nargs="+", default=list(STEPS), choices=list(STEPS))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cppad", type=Path, help="the folder that has cppad/cppad.hpp")
    parser.add_argument("--stan", type=Path, help="the folder of the package httpstan")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scalar = compile_scalar(scratch, args)
        records = [compare(program, threads, args, scalar) for program in args.programs for threads in args.threads]
    if args.out:
        args.out.write_text(json.dumps(records, indent=1) + "\n")


if __name__ == "__main__":
    main()
