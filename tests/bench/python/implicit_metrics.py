#!/usr/bin/env python3
"""implicit's own evaluation takes our models unchanged, and says of NDCG what ours says.

  implicit_metrics.py DATA [OPTION VALUE]...      any data of recvae.read; needs implicit (PyPI)
"""
import json
import sys

import numpy as np
import recvae
from implicit.evaluation import ranking_metrics_at_k, train_test_split

options = {name.lstrip("-"): json.loads(value) for name, value in zip(sys.argv[2::2], sys.argv[3::2])}
data = recvae.read(sys.argv[1], split="ratio", ratios=[1, 0, 0], **options)
train, test = train_test_split(data.train, train_percentage=0.8, random_state=1)
train, test = train.tocsr(), test.tocsr()
wrong = 0
for model in (recvae.EASE(), recvae.ItemKNN(), recvae.Popularity(), recvae.RecVAE(epochs=3)):
    model.fit(train)
    theirs = ranking_metrics_at_k(model, train, test, K=10, show_progress=False)
    ours = recvae.evaluate(model, train, test, ["ndcg@10", "precision@10", "map@10"])
    print(f"{type(model).__name__}: ndcg@10 {theirs['ndcg']:.12f} by implicit, {ours['ndcg@10']:.12f} by recvae")
    wrong += not np.isclose(theirs["ndcg"], ours["ndcg@10"], rtol=1e-12, atol=0)
sys.exit(bool(wrong))
