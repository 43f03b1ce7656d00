#!/usr/bin/env python3
"""bench_train runs, and what it prints makes sense: no times are judged.

  check_bench_train.py BENCH_TRAIN TRAJECTORY     (the folder of the golden test of training)
"""
import json
import math
import subprocess
import sys
import tempfile

SMALL = ["--items", "300", "--per_user", "12", "--users", "90", "--train_batch_size", "40", "--threads", "2"]


def run(*options, stdin=""):
    done = subprocess.run([sys.argv[1], *options], input=stdin, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def losses(records):
    return [(r["loss"], r["decoder_loss"]) for r in records]


epochs = run(*SMALL, "--json", "--no_roofs", "--epochs", "2")
assert [r["epoch"] for r in epochs] == [1, 2]
for record in epochs:
    assert all(math.isfinite(v) and v > 0 for v in record.values()), record
    parts = sum(record[part + "_seconds"] for part in ("encoder", "decoder", "refresh"))
    assert math.isclose(record["seconds"], parts), record
assert epochs[1]["decoder_loss"] < epochs[0]["decoder_loss"], "training does not learn"

ready, *served = run(*SMALL, "--serve", "--no_roofs", stdin="\n\n")
assert ready == {"ready": True} and losses(served) == losses(epochs), "an epoch per line is the same training"

with tempfile.TemporaryDirectory() as folder:
    run(*SMALL, "--write", folder + "/data")
    read_back = run("--data", folder + "/data", *SMALL[-4:], "--json", "--no_roofs", "--epochs", "2")
assert losses(read_back) == losses(epochs), "written data are the data"

(steps,) = run(*SMALL, "--json", "--no_roofs", "--plain", "--steps", "3")
assert steps["encoder_step_ms"] > 0 and steps["decoder_step_ms"] > 0

golden = run("--data", sys.argv[2], "--init", sys.argv[2] + "/init.safetensors", "--json", "--no_roofs", "--plain")
assert len(golden) == 1 and all(math.isfinite(loss) for loss in losses(golden)[0])
print("bench_train: fine")
