#!/usr/bin/env python3
"""Writes recvae/_settings.py: RecVAE's constructor, of the library's own list of settings.

  generate_settings.py > recvae/_settings.py      with $RECVAE_LIBRARY a built librecvae_c.so
"""
import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from recvae._native import Object  # noqa: E402

OPTIONAL = {"clip_grad_norm": "float", "stopping_step": "int", "selection_decimals": "int",
            "implicit_slim_threshold": "int", "recall_denominator": "str", "tail_ratio": "float"}
LISTS = {"mixture_weights": "float", "metrics": "str", "topk": "int"}


def type_of(name, value):
    if name in LISTS:
        return f"Sequence[{LISTS[name]}]"
    if value is None:
        return f"{OPTIONAL[name]} | None"
    return type(value).__name__


def literal(value):
    return repr(tuple(value)) if isinstance(value, list) else repr(value)


settings = Object().text("settings paper")
lines = ['"""The settings of RecVAE: written by generate_settings.py of the library\'s own list; do not edit."""',
         "from __future__ import annotations", "", "from typing import Sequence", "", "", "class Settings:",
         '    """The constructor of RecVAE. Every argument is an option of ``recvae_train``, with its default."""', "",
         "    def __init__(", "        self,", "        *,"]
lines += [f"        {s['name']}: {type_of(s['name'], s['value'])} = {literal(s['value'])}," for s in settings]
lines += ["    ) -> None:", '        """', "        Parameters", "        ----------"]
for s in settings:
    lines.append(f"        {s['name']} : {type_of(s['name'], s['value'])}, default {literal(s['value'])}")
    lines += textwrap.wrap(s["help"], 96, initial_indent=" " * 12, subsequent_indent=" " * 12)
lines.append('        """')
lines += [f"        self.{s['name']} = {s['name']}" for s in settings]
lines += ["", "", "NAMES = ("] + [f'    "{s["name"]}",' for s in settings] + [")"]
print("\n".join(lines))
