#!/usr/bin/env python3
"""The paper's ablations on one data set: trains each with several seeds, and prints the table of RESULTS.md.

  ablations.py TOOLS DATA OUT [--seeds 1337,1,2,3,4] [--only NAME,...]

TOOLS: the folder with the built commands. DATA: a directory that recvae_prepare wrote. OUT: a folder for the runs; one
that is there and finished is not trained again. Needs NumPy.

Intervals are of 10,000 bootstrap samples in which both the seeds and the test users are drawn with replacement, the
users jointly for both sides of a difference. A difference counts where its interval of level 1 - 0.05 / m leaves out 0,
m being the number of rows that are compared with RecVAE (Bonferroni).
"""
import argparse
import os
import sys
from pathlib import Path

import numpy as np

from intervals import Draws, interval, short
from support import ours, per_user

METRICS = ["ndcg@100", "recall@20", "recall@50"]

# An epoch that alternates makes four passes over the users, a joint one makes one: up to as many passes for each.
JOINT = ["--epochs", "200", "--stopping_step", "40"]
ROWS = {
    "RecVAE": [],
    "encoder of Mult-VAE": ["--encoder", "multvae"],
    "standard normal prior": ["--prior", "standard"],
    "old posterior as prior": ["--prior", "old_posterior"],
    "the same KL weight for all": ["--gamma", "0", "--beta", "0.5"],
    "joint training": ["--alternating", "false", *JOINT],
    "decoder passes with dropout": ["--decoder_dropout_prob", "0.5"],
    "Mult-VAE": ["--preset", "multvae", "--total_anneal_steps", "10000", *JOINT],
    "Mult-DAE": ["--preset", "multdae", *JOINT],
}


def tested(tools, data, out, name, seed, threads):
    """{user: [metric...]} of the epoch that was best on validation, on the test users."""
    folder = out / f"{name.replace(' ', '_')}-{seed}"
    table = folder / "per_user.tsv"
    if not table.exists():
        print(f"{name}, seed {seed}", file=sys.stderr)
        ours(tools, "recvae_train", "--data", data, *ROWS[name], "--seed", seed, "--baselines", "none", "--quiet", "--overwrite",
             "--threads", threads, "--out", folder)
        ours(tools, "recvae_evaluate", "--model", folder / "model.safetensors", "--data", data, "--metrics", ",".join(METRICS),
             "--quiet", "--per_user", table)
    return per_user(table)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path)
    parser.add_argument("data")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", default="1337,1,2,3,4")
    parser.add_argument("--only", help="rows, a comma between two")
    parser.add_argument("--threads", default=str(os.cpu_count()), help="of each run (default: all cores)")
    o = parser.parse_args()
    seeds = o.seeds.split(",")
    names = o.only.split(",") if o.only else list(ROWS)
    o.out.mkdir(parents=True, exist_ok=True)

    tables = {name: [] for name in names}
    for seed in seeds:  # what is there after some hours is whole rows of seeds
        for name in names:
            tables[name].append(tested(o.tools, o.data, o.out, name, seed, o.threads))
    users = sorted(set.intersection(*(set(table) for runs in tables.values() for table in runs)))
    values = {name: np.array([[table[user] for user in users] for table in runs]) for name, runs in tables.items()}

    draws = Draws(len(users))
    samples = {name: draws.samples(v) for name, v in values.items()}
    level = 1 - 0.05 / max(1, len(names) - 1)
    print(f"{len(users)} test users, seeds {o.seeds}; differences with intervals of level {level:.4f}\n")
    print("| | " + " | ".join(["NDCG@100", "over seeds", "Recall@20", "Recall@50", "NDCG@100 less RecVAE's"]) + " |")
    print("|---|---|---|---|---|---|")
    for name in names:
        means = values[name].mean(axis=1)  # [seeds, metrics]
        low, high = interval(samples[name])
        cells = [f"{short(means[:, 0].mean())} [{short(low[0])}, {short(high[0])}]", f"± {short(means[:, 0].std(ddof=1))}" if len(seeds) > 1 else ""]
        cells += [f"{short(means[:, m].mean())} [{short(low[m])}, {short(high[m])}]" for m in (1, 2)]
        if name == names[0]:
            cells.append("")
        else:
            low, high = interval(samples[name][:, 0] - samples[names[0]][:, 0], level)
            difference = means[:, 0].mean() - values[names[0]].mean(axis=1)[:, 0].mean()
            counts = "" if low <= 0 <= high else " *"
            cells.append(f"{short(difference, '+')} [{short(low, '+')}, {short(high, '+')}]{counts}")
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
