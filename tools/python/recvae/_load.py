"""Models from weight files."""
from __future__ import annotations

import os
from typing import Any

from ._baselines import EASE, EDLAE, ItemKNN, Popularity
from ._native import Object, path_of
from ._recommender import Recommender
from ._recvae import RecVAE
from ._settings import NAMES


def load(path: str | os.PathLike[str]) -> Any:
    """The model of a weight file: of `save`, recvae_train, recvae_export, or exported from PyTorch.

    Returns
    -------
    RecVAE, EASE, EDLAE, ItemKNN or Popularity
        with the parameters that the file records

    Raises
    ------
    FileNotFoundError
        there is none
    DataError
        it is no such file, or broken
    """
    name = path_of(path)
    if not os.path.exists(name):
        raise FileNotFoundError(f"path: expected a weight file, found none at {os.fsdecode(name)!r}")
    native = Object()
    native.call("recvae_load", name)
    kind = native.text("kind")
    model: Recommender
    if kind == "recvae":
        recorded = native.text("settings")
        model = RecVAE(**{setting: _as_default(recorded[setting]) for setting in NAMES if setting in recorded})
        model.history_, model.best_epoch_, model.best_score_ = [], None, None
    else:
        model = baseline = {"ease": EASE, "edlae": EDLAE, "itemknn": ItemKNN, "popularity": Popularity}[kind]()
        recorded = native.text("settings") if kind != "popularity" else {}
        for parameter, option in baseline._options.items():
            if recorded.get(option) is not None:
                setattr(model, parameter, recorded[option])
    model._take(native)
    return model


def _as_default(value: Any) -> Any:
    """Lists as the constructor's defaults have them."""
    return tuple(value) if isinstance(value, list) else value
