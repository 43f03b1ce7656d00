#!/usr/bin/env python3
"""The authors' code and recvae on the same prepared directory: are the metrics alike?

  compare_authors.py TOOLS DATA --code DIR [--epochs 50] [--gamma 0.005] [--seeds 1337,1,2]

TOOLS: the folder with our built commands. DATA: a directory that recvae_prepare wrote with users held out. DIR: a clone of
https://github.com/ilya-shenbin/RecVAE, whose run.py runs on the CPU here, with the seeds given. Prints both sides' metrics on the test
part, of the epoch that is best on validation. README.md says what has to be installed.
"""
import argparse
import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

from support import Table, metrics_of, ours


def authors(code, data, seed, options):
    """What their run.py prints."""
    source = (code / "run.py").read_text()
    for before, after in (("cuda:0", "cpu"), ("seed = 1337", f"seed = {seed}")):
        assert source.count(before) == 1, f"{code}/run.py: expected {before!r} once"
        source = source.replace(before, after)
    sys.argv = ["run.py", "--dataset", str(data), *options]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, str(code / "run.py"), "exec"), {"__name__": "__main__"})
    return printed.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--code", type=Path, required=True)
    parser.add_argument("--epochs", default="50")
    parser.add_argument("--gamma", default="0.005")
    parser.add_argument("--seeds", default="1337,1,2")
    o = parser.parse_args()
    sys.path.insert(0, str(o.code))
    table = Table()
    with tempfile.TemporaryDirectory() as folder:
        for seed in map(int, o.seeds.split(",")):
            start = time.monotonic()
            printed = authors(o.code, o.data, seed, ["--n-epochs", o.epochs, "--gamma", o.gamma])
            table.add("authors", seed, metrics_of(printed), time.monotonic() - start)
            stdout, seconds = ours(o.tools, "recvae_train", "--data", o.data, "--epochs", o.epochs, "--gamma", o.gamma, "--seed", seed,
                                   "--baselines", "none", "--quiet", "--out", Path(folder) / str(seed))
            table.add("recvae", seed, metrics_of(stdout), seconds)
    table.end()


if __name__ == "__main__":
    main()
