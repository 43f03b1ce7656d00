#!/usr/bin/env python3
"""What RecBole 1.2.1 makes of a made-up table: its splits, row for row, and its metrics of EASE and popularity.

  make_recbole.py          writes made_up/made_up.inter and recbole-1.2.1-made-up.json beside itself; needs recbole==1.2.1
"""
import copy
import json
import random
from pathlib import Path


HERE = Path(__file__).parent
METRICS = ["Recall", "MRR", "NDCG", "Hit", "Precision", "MAP", "ItemCoverage", "AveragePopularity", "GiniIndex",
           "ShannonEntropy", "TailPercentage", "GAUC"]


def made_up_table():
    """60 users of four tastes and 40 items, some popular with all; times are distinct."""
    draw = random.Random(20)
    rows = []
    for user in range(60):
        weights = [(4 if item % 4 == user % 4 else 1) * (3 if item < 8 else 1) for item in range(40)]
        items = set()
        while len(items) < 8 + user % 9:
            items.add(draw.choices(range(40), weights)[0])
        rows += [(user, item, draw.randint(1, 5)) for item in sorted(items)]
    draw.shuffle(rows)
    times = draw.sample(range(1000, 9000), len(rows))
    return "user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + "".join(
        f"u{user}\ti{item}\t{rating}\t{time}\n" for (user, item, rating), time in zip(rows, times))


def collected(self):
    """Collector.get_data_struct, which takes the number of items for a tensor where GAUC and coverage are asked for."""
    found = copy.deepcopy(self.data_struct)
    for key in ("rec.topk", "rec.meanrank", "rec.score", "rec.items", "data.label"):
        if key in self.data_struct:
            del self.data_struct[key]
    return found


def run(model, split):
    from recbole.config import Config
    from recbole.data import create_dataset, data_preparation
    from recbole.evaluator.collector import Collector
    from recbole.utils import get_model, get_trainer, init_seed

    Collector.get_data_struct = collected

    order, parts = split
    config = Config(model=model, dataset="made_up", config_dict={
        "data_path": str(HERE), "seed": 2020, "reproducibility": True, "use_gpu": False, "show_progress": False,
        "load_col": {"inter": ["user_id", "item_id", "rating", "timestamp"]},
        "eval_args": {"split": parts, "group_by": "user", "order": order, "mode": "full"},
        "metrics": METRICS, "topk": [5, 10, 20], "valid_metric": "NDCG@10", "metric_decimal_place": 10,
        "eval_batch_size": 4096, "epochs": 1,
        "train_batch_size": 1 if model == "Pop" else 4096,  # Pop counts an item once per batch
        "train_neg_sample_args": None,
        "checkpoint_dir": "/tmp", "save_dataset": False, "log_wandb": False})
    init_seed(2020, True)
    dataset = create_dataset(config)
    train, valid, test = data_preparation(config, dataset)
    rows = [sorted(f"{dataset.id2token('user_id', int(u))} {dataset.id2token('item_id', int(i))}"
                   for u, i in zip(part.dataset.inter_feat["user_id"], part.dataset.inter_feat["item_id"]))
            for part in (train, valid, test)]
    scorer = get_model(model)(config, train.dataset)
    trainer = get_trainer(config["MODEL_TYPE"], model)(config, scorer)
    trainer.fit(train, valid, saved=False, show_progress=False)
    measured = {name: dict(trainer.evaluate(part, load_best_model=False, show_progress=False))
                for name, part in (("valid", valid), ("test", test))}
    return rows, measured


def main():
    (HERE / "made_up").mkdir(exist_ok=True)
    (HERE / "made_up" / "made_up.inter").write_text(made_up_table())
    ratio, leave_one_out = ("RO", {"RS": [0.6, 0.2, 0.2]}), ("TO", {"LS": "valid_and_test"})
    rows, ease = run("EASE", ratio)
    golden = {"splits": {"RO-2020": rows, "LOO-TO": run("EASE", leave_one_out)[0]}, "ease RO-2020": ease,
              "popularity RO-2020": run("Pop", ratio)[1]}
    (HERE / "recbole-1.2.1-made-up.json").write_text(json.dumps(golden, indent=1, default=float) + "\n")


main()
