#!/usr/bin/env python3
"""bench_infer runs, and what it prints makes sense: no times are judged.

  check_bench_infer.py BENCH_INFER
"""
import json
import math
import subprocess
import sys

SMALL = ["--items", "300", "--per_user", "12", "--users", "90", "--hidden", "20", "--latent", "10", "--singles", "5",
         "--runs", "1", "--no_roofs", "--threads", "2"]

for copy in ("whole", "by_tiles"):
    done = subprocess.run([sys.argv[1], *SMALL, "--json", "--copy", copy], capture_output=True, text=True, check=True)
    record = json.loads(done.stdout)
    numbers = {name: value for name, value in record.items() if name != "engine"}
    assert all(math.isfinite(v) and v > 0 for v in numbers.values()), record
    assert math.isclose(record["mflop_per_user"], (2 * (4 * 20 * 20 + 20 * 10) + 2 * 300 * 10) / 1e6), record
    assert record["single_p50_ms"] <= record["single_p99_ms"] and record["read_p50_ms"] <= record["read_p99_ms"], record
print("bench_infer: fine")
