#!/usr/bin/env python3
"""Scores items for a history with NumPy alone, as recvae_recommend --include_seen does: score.py MODEL.safetensors TOKEN... [--topk N]"""
import argparse
import json

import numpy as np


def load(path):
    """({name: array}, metadata) of a safetensors file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    metadata = header.pop("__metadata__", {})
    types = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}
    return {name: np.frombuffer(data[slice(*t["data_offsets"])], types[t["dtype"]]).reshape(t["shape"]).astype(np.float32)
            for name, t in header.items()}, metadata


def affine(weights, layer, x):
    return x @ weights[layer + ".weight"].T + weights[layer + ".bias"]


def dense_blocks(weights, x, eps):
    """The last hidden layer of RecVAE's encoder."""
    def block(k, before, skip):
        x = affine(weights, f"encoder.fc{k}", before) + skip
        x = x / (1 + np.exp(-x))  # swish
        x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps)
        return x * weights[f"encoder.ln{k}.weight"] + weights[f"encoder.ln{k}.bias"]

    h = skip = block(1, x, 0)
    for k in range(2, 6):
        h = block(k, h, skip)
        skip = skip + h
    return h


def scores(weights, rows, settings):
    """[users, items] for rows [users, items] of zeros and ones."""
    x = rows / np.sqrt(np.maximum(rows.sum(1, keepdims=True), 1))
    encoder = settings.get("encoder", "recvae")
    h = dense_blocks(weights, x, settings.get("layer_norm_eps", 0.1)) if encoder == "recvae" else np.tanh(affine(weights, "encoder.fc1", x))
    z = affine(weights, "encoder.fc_mu", h)
    if encoder == "multdae":
        z = np.tanh(z)
    if settings.get("decoder", "linear") == "multvae":
        z = np.tanh(affine(weights, "decoder.fc1", z))
    return affine(weights, "decoder", z)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("tokens", nargs="*", metavar="TOKEN")
    parser.add_argument("--topk", type=int, default=20)
    options = parser.parse_args()
    weights, metadata = load(options.model)
    tokens = json.loads(metadata["item_tokens"])
    row = np.isin(tokens, options.tokens)[None].astype(np.float32)
    found = scores(weights, row, json.loads(metadata["settings"]))[0]
    for item in np.argsort(-found, kind="stable")[:options.topk]:
        print(f"{tokens[item]}\t{found[item]:.9g}")
