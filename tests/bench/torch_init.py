#!/usr/bin/env python3
"""Writes initial weights as PyTorch draws them for the number of items of a prepared directory, so that every program can start alike.

  torch_init.py DIR --out F.safetensors [--seed N]
Encoder, decoder and old encoder are drawn independently, as in the authors' code.
"""
import argparse

import torch

from torch_data import count_items, write_weights
from torch_model import RecVAE

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir")
    parser.add_argument("--out", required=True)
    parser.add_argument("--seed", type=int, default=1337)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    write_weights(args.out, RecVAE(count_items(args.dir)).state_dict())
