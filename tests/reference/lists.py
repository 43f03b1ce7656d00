#!/usr/bin/env python3
"""Who makes the best lists of one data set: baselines, models and blends; prints the table of RESULTS.md.

  lists.py TOOLS DATA OUT [--seeds 1337,1,2,3,4] [--recvae OPTIONS] [--slim OPTIONS] [--chosen OPTIONS] [--multvae OPTIONS] [--baselines OPTIONS]
           [--without "MODEL,MODEL..."]

TOOLS: the folder with the built commands. DATA: a directory that recvae_prepare wrote, users held out. OUT: a folder for
the runs; one that is there and finished is not trained again. OPTIONS: further ones of recvae_train, in quotes. MODEL: a row of the table, such
as Mult-VAE, that is left out, and the blends that it has a part in. Needs NumPy.

Settings of baselines and weights of blends are chosen on validation, by the commands. Intervals are of 10,000 bootstrap
samples in which both the seeds and the test users are drawn with replacement, the users jointly for both sides of a
difference. A blend is compared with that of its parts which has the better test mean; its p is two-sided, of the same
samples, times the number of blends (Bonferroni).
"""
import argparse
import json
import re
import shlex
import sys
from pathlib import Path

import numpy as np

from intervals import SAMPLES, Draws, interval, short
from support import finished, ours, per_user

METRICS = ["ndcg@100", "recall@20", "recall@50"]
BASELINES = {"popularity": "popularity", "itemknn": "itemknn", "EASE": "ease", "EDLAE": "edlae"}
MODELS = {"RecVAE": "recvae", "RecVAE with ImplicitSLIM": "slim", "RecVAE as chosen": "chosen", "Mult-VAE": "multvae"}
BLENDS = {"RecVAE and EASE": ("RecVAE", "EASE"),
          "RecVAE and EDLAE": ("RecVAE", "EDLAE"),
          "RecVAE with ImplicitSLIM, and EASE": ("RecVAE with ImplicitSLIM", "EASE"),
          "RecVAE with ImplicitSLIM, and EDLAE": ("RecVAE with ImplicitSLIM", "EDLAE"),
          "RecVAE as chosen, and EASE": ("RecVAE as chosen", "EASE"),
          "RecVAE as chosen, and EDLAE": ("RecVAE as chosen", "EDLAE"),
          "both RecVAEs and EDLAE": ("RecVAE", "RecVAE with ImplicitSLIM", "EDLAE")}


def evaluated(o, name, *options):
    """({user: [metric...]} on the test users, what the command said), computed once."""
    table, log = o.out / f"{name}.tsv", o.out / f"{name}.log"
    if not log.exists():
        result, _ = finished(o.tools, "recvae_evaluate", "--data", o.data, "--metrics", ",".join(METRICS), "--per_user", table, *options)
        log.write_text(result.stderr)
    return per_user(table), log.read_text()


def rates(log):
    return [float(rate.replace(",", "")) for rate in re.findall(r"([\d,]+) users/s", log)]


def saved_baseline(o, name):
    """(its file, the minutes that it took to choose its settings, to learn and to write it)"""
    folder = o.out / f"baseline-{name}"
    if not (folder / "minutes").exists():
        _, seconds = ours(o.tools, "recvae_train", "--data", o.data, "--epochs", 1, "--hidden_dimension", 8, "--latent_dimension", 4,
                          "--baselines", name, "--save_baselines", "--overwrite", "--out", folder, *shlex.split(o.baselines))
        (folder / "minutes").write_text(str(seconds / 60))
    return folder / f"{name}.safetensors", float((folder / "minutes").read_text())


def trained(o, name, seed):
    folder = o.out / f"{name.replace(' ', '_')}-{seed}"
    if not (folder / "model.safetensors").exists():
        print(f"{name}, seed {seed}", file=sys.stderr)
        ours(o.tools, "recvae_train", "--data", o.data, *shlex.split(getattr(o, MODELS[name])), "--seed", seed, "--baselines", "none", "--quiet",
             "--overwrite", "--out", folder)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path)
    parser.add_argument("data")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", default="1337,1,2,3,4")
    parser.add_argument("--recvae", default="")
    parser.add_argument("--slim", default="--implicit_slim 1000")
    parser.add_argument("--chosen", help="of a further RecVAE, settings that were chosen for such data (default: no such row)")
    parser.add_argument("--multvae", default="--preset multvae --total_anneal_steps 10000 --epochs 200 --stopping_step 40")
    parser.add_argument("--baselines", default="")
    parser.add_argument("--without", default="", help="models that are left out, a comma between two")
    o = parser.parse_args()
    seeds = o.seeds.split(",")
    models = [name for name, options in MODELS.items() if name not in o.without.split(",") and getattr(o, options) is not None]
    blends = {name: parts for name, parts in BLENDS.items() if not set(parts) & set(MODELS) - set(models)}
    o.out.mkdir(parents=True, exist_ok=True)

    files, tables, speeds, minutes = {}, {}, {}, {}

    def single(name, label, option, what):
        """Keeps one scorer's result, and how fast it makes lists."""
        tables.setdefault(name, []).append(evaluated(o, label, option, what)[0])
        if option == "--model":
            speeds.setdefault(name, []).append(rates(evaluated(o, label + "-alone", "--blend", what, "--blend_weight", 1)[1])[0])

    for name, baseline in BASELINES.items():
        if baseline == "popularity":
            files[name], options = ["popularity"] * len(seeds), ["--baseline", "popularity"]
        else:
            file, minutes[name] = saved_baseline(o, baseline)
            files[name], options = [file] * len(seeds), ["--model", file]
        single(name, baseline, *options)
        tables[name] *= len(seeds)
    for name in models:
        folders = [trained(o, name, seed) for seed in seeds]
        files[name] = [folder / "model.safetensors" for folder in folders]
        for folder in folders:
            single(name, folder.name, "--model", folder / "model.safetensors")
        epochs = [[json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()] for folder in folders]
        minutes[name] = np.mean([sum(e["seconds"] + e["valid_seconds"] for e in run_) / 60 for run_ in epochs])
        best = [1 + max(range(len(run_)), key=lambda k: run_[k]["valid"]["ndcg@100"]) for run_ in epochs]
        print(f"{name}: best epochs {best}, validation {[round(max(e['valid']['ndcg@100'] for e in run_), 4) for run_ in epochs]}", file=sys.stderr)
    for name, parts in blends.items():
        tables[name] = []
        for k, seed in enumerate(seeds):
            table, log = evaluated(o, f"{name.replace(' ', '_')}-{seed}", "--blend", ",".join(str(files[part][k]) for part in parts))
            tables[name].append(table)
            speeds.setdefault(name, []).append(rates(log)[-1])
            print(f"{name}, seed {seed}: {re.search(r'weight .*? [(]', log).group(0)[:-2]}", file=sys.stderr)

    users = sorted(set.intersection(*(set(table) for runs in tables.values() for table in runs)))
    values = {name: np.array([[table[user] for user in users] for table in runs]) for name, runs in tables.items()}
    draws = Draws(len(users))
    seed_draws = draws.seeds(len(seeds))
    samples = {name: draws.samples(v, seed_draws) for name, v in values.items()}

    print(f"{len(users)} test users, seeds {o.seeds}\n")
    print("| | NDCG@100 | over seeds | Recall@20 | Recall@50 | above its better part | minutes | users/s |")
    print("|---|---|---|---|---|---|---|---|")
    for name in tables:
        means = values[name].mean(axis=1)
        low, high = interval(samples[name])
        spread = means[:, 0].std(ddof=1) if len(seeds) > 1 else 0
        cells = [f"{short(means[:, 0].mean())} [{short(low[0])}, {short(high[0])}]", f"± {short(spread)}" if spread > 1e-9 else "",
                 *(f"{short(means[:, m].mean())}" for m in (1, 2))]
        difference = ""
        if name in blends:
            better = max(blends[name], key=lambda part: values[part][:, :, 0].mean())
            gap = samples[name][:, 0] - samples[better][:, 0]
            p = min(1, 2 * max(1 / SAMPLES, min((gap <= 0).mean(), (gap >= 0).mean())) * len(blends))
            low, high = interval(gap)
            mean = values[name][:, :, 0].mean() - values[better][:, :, 0].mean()
            difference = f"{short(mean, '+')} [{short(low, '+')}, {short(high, '+')}] of {better}, p {p:.3f}"
        cells += [difference, f"{minutes[name]:.1f}" if name in minutes else "", f"{np.median(speeds[name]):,.0f}" if name in speeds else ""]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
