#!/usr/bin/env python3
"""bench_field runs, and what it prints makes sense: no times are judged.

  check_field.py BENCH_FIELD
"""
import json
import math
import subprocess
import sys


def lines(program):
    done = subprocess.run([sys.argv[1], program, "2"], input="1\n2\n", capture_output=True, text=True, check=True)
    engine, *rounds = map(json.loads, done.stdout.splitlines())
    assert len(rounds) == 2 and "BLAS" in engine["engine"], done.stdout
    assert all(math.isfinite(value) for record in rounds for value in record.values()), rounds
    assert all(record["seconds"] > 0 for record in rounds), rounds
    return rounds


mlp, gmm, ode, rows, tape = (lines(program)[0] for program in ("mlp", "gmm", "ode", "ode_rows", "tape"))
assert abs(mlp["loss"] - math.log(10)) < 0.5, mlp
assert gmm["objective"] > 0, gmm
assert math.isclose(ode["loss"], rows["loss"], rel_tol=1e-9), (ode, rows)  # the same equation
assert ode["nodes"] > 200 * 50 and 0 < ode["bytes_per_node"] <= 128, ode
x, slope = 0.4, 1.0
for _ in range(10):
    x, slope = x * x + x / 2, slope * (2 * x + 0.5)
assert math.isclose(tape["loss"], slope, rel_tol=1e-9), tape
assert 0 < tape["bytes_per_node"] <= 128, tape
print("bench_field: fine")
