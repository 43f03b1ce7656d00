#!/usr/bin/env python3
"""RecBole and recvae on the same data with the same configuration: are the parts the same, and are the metrics alike?

  compare_recbole.py TOOLS train [--dataset ml-100k] [--data_path dataset] [--config F.yaml] [--model RecVAE] [--seeds 2020,2021,...] [--set KEY=VALUE]
  compare_recbole.py TOOLS splits F.inter [--seeds 2020,2021]

TOOLS: the folder with our built commands. `train` runs each seed as RecBole's run_recbole.py does, then as recvae_train does, and
prints both sides' metrics on the test part. `splits` compares the parts alone, for each way of filtering and splitting that RecBole
documents, of the table with every tenth row once more and with ranks in place of times (RecBole keeps times in 32 bits). Exit status 1
says that parts differ. Needs recbole==1.2.1; README.md says how to install it.
"""
import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import yaml

from support import Table, metrics_of, ours

os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"  # newer PyTorch refuses RecBole's checkpoints
PARTS = ("train", "valid", "test")
# Of our configuration, what a split is made by.
SPLIT = ("split", "ratios", "order", "group_by", "split_seed", "rm_dup_inter", "val_interval", "user_inter_num_interval", "item_inter_num_interval")
QUIET = {"show_progress": False, "state": "ERROR", "use_gpu": False, "train_neg_sample_args": None}

CASES = {
    "as it comes": {},
    "other ratios": {"eval_args": {"split": {"RS": [0.5, 0.3, 0.2]}}},
    "of all rows": {"eval_args": {"group_by": "none"}},
    "by time": {"eval_args": {"order": "TO"}},
    "by time, of all rows": {"eval_args": {"order": "TO", "group_by": "none"}},
    "leave one out": {"eval_args": {"split": {"LS": "valid_and_test"}}},
    "leave one out, by time": {"eval_args": {"split": {"LS": "valid_and_test"}, "order": "TO"}},
    "rm_dup_inter first": {"rm_dup_inter": "first"},
    "rm_dup_inter last": {"rm_dup_inter": "last"},
    "val_interval": {"val_interval": {"rating": "[4,inf)"}},
    "two intervals": {"val_interval": {"rating": "[1,2);(3,5]", "timestamp": "(100,inf)"}},
    "user_inter_num_interval": {"user_inter_num_interval": "[20,100)"},
    "item_inter_num_interval": {"item_inter_num_interval": "[10,inf)"},
    "both, again and again": {"user_inter_num_interval": "[40,inf)", "item_inter_num_interval": "[40,200]"},
    "all filters": {"rm_dup_inter": "last", "val_interval": {"rating": "(2,5]"}, "user_inter_num_interval": "[15,inf)", "item_inter_num_interval": "[15,inf)"},
}


def recbole_parts(loaders):
    """(user, item) with how often it occurs, of each part."""
    def pairs(dataset):
        users, items = (dataset.id2token(field, dataset.inter_feat[field].numpy()) for field in (dataset.uid_field, dataset.iid_field))
        return Counter(zip(users, items))
    return [pairs(loader.dataset) for loader in loaders]


def our_parts(folder):
    def pairs(file):
        return Counter(tuple(line.split("\t")[:2]) for line in file.read_text().splitlines()[1:])
    return [pairs(folder / f"{folder.name}.{part}.inter") for part in PARTS]


def our_split(tools, folder, *options):
    """The parts that recvae_train would use."""
    config = yaml.safe_load(ours(tools, "recvae_train", *options, "--print_config")[0])
    split = [f"--{name}={config[name]}" for name in SPLIT if config.get(name) is not None]
    ours(tools, "recvae_prepare", "--data", config["data"], *split, "--out", folder, "--quiet")
    return our_parts(folder)


def compare_parts(theirs, found):
    """(are they the same, what to say of it)"""
    differing = [sum(((a - b) + (b - a)).values()) for a, b in zip(theirs, found)]
    sizes = ", ".join(f"{part} {sum(pairs.values())}" for part, pairs in zip(PARTS, theirs))
    return not any(differing), sizes + (": identical" if not any(differing) else f": different rows {differing}")


def train(tools, o):
    from recbole.quick_start import quick_start
    loaders, prepare = [], quick_start.data_preparation

    def keep(config, dataset):  # what run_recbole trains on and tests with
        loaders[:] = prepare(config, dataset)
        o.data_path = Path(config["data_path"]).parent  # RecBole has a copy of ml-100k of its own
        return loaders

    quick_start.data_preparation = keep
    table, same = Table(), True
    given = {key: yaml.safe_load(value) for key, value in (pair.split("=", 1) for pair in o.set)}
    for seed in map(int, o.seeds.split(",")):
        start = time.monotonic()
        theirs = quick_start.run_recbole(o.model, o.dataset, o.config, {"data_path": str(o.data_path), "seed": seed, **QUIET, **given})
        table.add("RecBole", seed, dict(theirs["test_result"]), time.monotonic() - start)
        files = [f"--config_files={' '.join(o.config)}"] if o.config else []
        line = [f"--model={o.model}", f"--dataset={o.dataset}", f"--data_path={o.data_path}", f"--seed={seed}", *files, *(f"--{pair}" for pair in o.set)]
        stdout, seconds = ours(tools, "recvae_train", *line, "--baselines", "none", "--quiet", "--out", f"ours-{seed}")
        table.add("recvae", seed, metrics_of(stdout), seconds)
        identical, words = compare_parts(recbole_parts(loaders), our_split(tools, Path(f"split-{seed}"), *line))
        print(f"interactions of seed {seed}: {words}", file=sys.stderr)
        same = same and identical
    table.end()
    return same


def write_table(file, out, distinct_times):
    """The table with ranks in place of times, and each tenth row once more at the end, later and with a high rating."""
    head, *lines = file.read_text().splitlines()
    assert head.split("\t") == ["user_id:token", "item_id:token", "rating:float", "timestamp:float"], head
    rows = [line.split("\t") for line in lines]
    rows += [[*row[:2], "5", f"{2 ** 40 + k}"] for k, row in enumerate(rows[::10])]
    times = [(float(row[3]), k if distinct_times else 0) for k, row in enumerate(rows)]
    rank = {time: k for k, time in enumerate(sorted(set(times)))}
    out.parent.mkdir(parents=True)
    out.write_text("\n".join([head, *("\t".join([*row[:3], str(rank[time])]) for row, time in zip(rows, times))]) + "\n")


def recbole_loaders(model, dataset, seed, settings):
    """(configuration, loaders of the parts)"""
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.utils import init_seed
    columns = {"load_col": {"inter": ["user_id", "item_id", "rating", "timestamp"]}}
    config = Config(model, dataset, config_dict={"data_path": "dataset", "seed": seed, **columns, **QUIET, **settings})
    init_seed(seed, True)
    return config, data_preparation(config, create_dataset(config))


def compare_benchmark(tools):
    """Both sides' metrics of EASE, of parts that files give."""
    from recbole.utils import get_model, get_trainer
    names = ["part1", "part2", "part3"]
    folder = Path("parts")
    our_split(tools, folder, "--model=RecVAE", "--dataset=distinct", "--rm_dup_inter=first")
    Path("dataset/given").mkdir()
    for name, part in zip(names, PARTS):
        (folder / f"{folder.name}.{part}.inter").rename(f"dataset/given/given.{name}.inter")
    config, (train_part, *held_out) = recbole_loaders("EASE", "given", 2020, {
        "benchmark_filename": names, "reg_weight": 250, "epochs": 1, "metric_decimal_place": 8, "topk": [10, 20]})
    model = get_model("EASE")(config, train_part.dataset)
    trainer, worst = get_trainer(config["MODEL_TYPE"], "EASE")(config, model), 0
    for on, part in zip(("validation", "test"), held_out):
        theirs = trainer.evaluate(part, load_best_model=False, show_progress=False)
        found = json.loads(ours(tools, "recvae_evaluate", "--baseline", "ease", "--lambda", 250, "--data", "dataset/given", f"--benchmark_filename={names}",
                                "--test_history", "train", "--on", on, "--metrics", ",".join(config["metrics"]), "--topk", "10,20", "--json", "--quiet")[0])
        worst = max([worst, *(abs(value - found[name]) for name, value in theirs.items())])
    return worst < 1e-6, f"metrics of EASE differ by at most {worst:.1e}"


def splits(tools, o):
    write_table(o.file, Path("dataset/table/table.inter"), distinct_times=False)
    write_table(o.file, Path("dataset/distinct/distinct.inter"), distinct_times=True)
    print("| | seed | rows |\n|---|---|---|")
    same = True
    for name, settings in CASES.items():
        # Before rm_dup_inter RecBole sorts by time, rows of one time in no stated order.
        dataset = "distinct" if "rm_dup_inter" in settings else "table"
        for seed in map(int, o.seeds.split(",")):
            line = ["--model=RecVAE", f"--dataset={dataset}", f"--seed={seed}", *(f"--{key}={value}" for key, value in settings.items())]
            found = our_split(tools, Path(f"{name}-{seed}".replace(" ", "_")), *line)
            identical, words = compare_parts(recbole_parts(recbole_loaders("RecVAE", dataset, seed, settings)[1]), found)
            print(f"| {name} | {seed} | {words} |", flush=True)
            same = same and identical
    identical, words = compare_benchmark(tools)
    print(f"| benchmark_filename | | {words} |")
    return same and identical


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tools", type=Path)
    modes = parser.add_subparsers(dest="mode", required=True)
    of_train, of_splits = modes.add_parser("train"), modes.add_parser("splits")
    of_train.add_argument("--dataset", default="ml-100k")
    of_train.add_argument("--data_path", type=Path, default="dataset")
    of_train.add_argument("--config", action="append", help="a YAML file for both sides")
    of_train.add_argument("--model", default="RecVAE")
    of_train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="one more setting for both sides")
    of_splits.add_argument("file", type=Path)
    for mode, seeds in ((of_train, "2020,2021,2022,2023,2024"), (of_splits, "2020,2021")):
        mode.add_argument("--seeds", default=seeds)
    o = parser.parse_args()
    sys.argv = sys.argv[:1]  # RecBole reads the command line, too
    for name in ("tools", "file", "data_path"):
        if getattr(o, name, None):
            setattr(o, name, getattr(o, name).resolve())
    if getattr(o, "config", None):
        o.config = [str(Path(file).resolve()) for file in o.config]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # RecBole writes logs and checkpoints where it stands
        if not (train if o.mode == "train" else splits)(o.tools, o):
            sys.exit(1)


if __name__ == "__main__":
    main()
