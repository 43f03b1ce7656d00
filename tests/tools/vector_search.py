#!/usr/bin/env python3
"""Do exported vectors, searched by other programs, give recvae_recommend's lists?

  vector_search.py TOOLS MODEL DATA     prints how many do. Needs NumPy; FAISS and hnswlib are asked where they are installed.
"""
import subprocess
import sys
import tempfile
from pathlib import Path

TOPK = 20
CLOSE = 1e-5  # scores whose order may depend on how a sum was rounded, relative to the largest


def recommended(tools, model, data):
    """{user: items}, those that the user has among them, as the vectors do not know them."""
    answer = subprocess.run([tools / "recvae_recommend", "--model", model, "--data", data, "--include_seen", "--topk", str(TOPK), "--quiet"],
                            capture_output=True, text=True, check=True).stdout
    lists = {}
    for line in answer.splitlines():
        user, _, item, _ = line.split("\t")
        lists.setdefault(user, []).append(item)
    return lists


def exported(tools, model, data, folder):
    """(codes, users, vectors, items)"""
    import numpy as np
    subprocess.run([tools / "recvae_export", "--model", model, "--out", folder, "--item_vectors", "--user_codes", "--data", data, "--quiet"],
                   capture_output=True, check=True)
    codes, vectors = (np.load(folder / name) for name in ("user_codes.npy", "item_vectors.npy"))
    users, items = ((folder / name).read_text().splitlines() for name in ("users.txt", "items.txt"))
    assert codes.shape == (len(users), vectors.shape[1]) and vectors.shape[0] == len(items)
    return codes, users, vectors, items


def by_numpy(codes, vectors):
    import numpy as np
    return np.argsort(-(codes @ vectors.T), axis=1, kind="stable")[:, :TOPK]


def by_faiss(codes, vectors):
    import faiss
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index.search(codes, TOPK)[1]


def by_hnswlib(codes, vectors):
    import hnswlib
    index = hnswlib.Index("ip", vectors.shape[1])
    index.init_index(len(vectors), ef_construction=400, M=32)
    index.add_items(vectors)
    index.set_ef(min(len(vectors), 20 * TOPK))
    return index.knn_query(codes, TOPK)[0]


SEARCHES = {"numpy": by_numpy, "faiss": by_faiss, "hnswlib": by_hnswlib}


def compare(name, vectors_of, expected):
    """(lists that are equal, lists that are equal but for near ties, recall) of one search."""
    codes, users, vectors, items = vectors_of
    number = {item: k for k, item in enumerate(items)}
    same = near = hits = 0
    for code, user, found in zip(codes, users, SEARCHES[name](codes, vectors)):
        wanted = [number[item] for item in expected[user]]
        scores = vectors @ code
        same += list(found) == wanted
        near += abs(scores[found] - scores[wanted]).max() <= CLOSE * abs(scores).max()
        hits += len(set(found) & set(wanted))
    return same, near, hits / (TOPK * len(users))


if __name__ == "__main__":
    tools, model, data = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        vectors_of = exported(tools, model, data, Path(folder))
    expected = recommended(tools, model, data)
    for name in SEARCHES:
        try:
            same, near, recall = compare(name, vectors_of, expected)
        except ImportError as missing:
            print(f"{name}: skipped: {missing}")
            continue
        print(f"{name}: of {len(expected)} lists {same} equal, {near} equal but for near ties; recall {recall:.6f}")
