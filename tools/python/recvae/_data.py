"""Interaction data from files, filtered and split as the commands do it."""
from __future__ import annotations

import os
from typing import Any, Sequence

import numpy as np
import scipy.sparse

from ._native import Object, as_json, plain


class HeldOut(tuple[Any, Any]):
    """Users to be evaluated: ``shown, hidden = data.test``, CSR matrices of a row per user.

    Attributes
    ----------
    shown, hidden : csr_matrix of float32, [users, items]
        what a model is shown of each user, and what it has to recover
    masked : csr_matrix or None
        further items that no list has
    user_tokens : list of str
        the users' names
    """

    shown: Any
    hidden: Any
    masked: Any
    user_tokens: list[str]

    def __new__(cls, shown: Any, hidden: Any, masked: Any = None, user_tokens: Sequence[str] = ()) -> HeldOut:
        self = super().__new__(cls, (shown, hidden))
        self.shown, self.hidden, self.masked, self.user_tokens = shown, hidden, masked, list(user_tokens)
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self.shown, self.hidden, self.masked, self.user_tokens

    def __repr__(self) -> str:
        return f"HeldOut({self.shown.shape[0]} users x {self.shown.shape[1]} items)"


class Dataset:
    """What :func:`read` found. `fit` takes it as a whole, so that weight files know the items' names and the split.

    Attributes
    ----------
    train : csr_matrix of float32, [users, items]
        what models are trained on
    validation, test : HeldOut
        who is held out; under a weak split, users of `train`
    train_and_validation : csr_matrix
        of a weak split, what a baseline may learn from before the test; of a strong one, `train`
    item_tokens, user_tokens : list of str
        names of the columns, and of the rows of `train`
    summary : dict
        what became of the rows that were read
    strong : bool
        held-out users are none of the training users
    """

    def __init__(self, native: Object) -> None:
        self._native = native
        self.item_tokens: list[str] = native.text("item_tokens")
        self.user_tokens: list[str] = native.text("user_tokens")
        self.summary: dict[str, Any] = native.text("summary")
        self.strong: bool = native.text("strong")
        self.train = self._matrix("train")
        both = self._matrix("train_and_validation")
        self.train_and_validation = both if both.shape[0] else self.train
        self.validation = self._held_out("validation")
        self.test = self._held_out("test")

    def _matrix(self, name: str) -> Any:
        indptr, indices = self._native.array(f"{name}.indptr"), self._native.array(f"{name}.indices")
        shape = (len(indptr) - 1, len(self.item_tokens))
        return scipy.sparse.csr_matrix((np.ones(len(indices), np.float32), indices, indptr), shape=shape, copy=False)

    def _held_out(self, part: str) -> HeldOut:
        masked = self._matrix(f"{part}.masked")
        return HeldOut(self._matrix(f"{part}.shown"), self._matrix(f"{part}.hidden"),
                       masked if masked.shape[0] else None, self._native.text(f"{part}.user_tokens"))

    def __reduce__(self) -> Any:
        raise TypeError("a Dataset cannot be pickled: read it again, or pass its matrices on")

    def __deepcopy__(self, memo: dict[int, Any]) -> Dataset:
        return self  # it never changes

    def __repr__(self) -> str:
        users, items = self.train.shape
        return (f"Dataset({users} users x {items} items, {self.train.nnz} entries to train on; "
                f"{self.validation.shown.shape[0]} users to validate, {self.test.shown.shape[0]} to test)")


def read(data: Any, **options: Any) -> Dataset:
    """Reads, filters and splits interaction data.

    Parameters
    ----------
    data : path or DataFrame
        all that ``recvae_train --data`` takes: tables, MovieLens's files, RecBole's atomic files, adjacency lists,
        directories of recvae_prepare; or a table in memory with columns such as user_id, item_id, rating, timestamp
    **options
        filters and splits, named as on the command line: ``threshold=3.5``, ``split="strong"``,
        ``heldout_users=500``, ``min_items_per_user=5``, ``ratios=[0.8, 0.1, 0.1]``; `recvae.data_options()` lists them

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        an option is unknown or wrong
    DataError
        a file is: ``file:line: expected, found``
    FileNotFoundError
        there is none
    """
    given = {name: str(plain(value)) if isinstance(value, dict) else value
             for name, value in options.items() if value is not None}
    if hasattr(data, "to_csv"):
        given["text"] = data.to_csv(index=False)
        if "data_format" not in given:
            given["data_format"] = "table"
    elif isinstance(data, (str, os.PathLike)):
        given["data"] = os.fspath(data)
        if given["data"] != "demo" and not os.path.exists(given["data"]):
            raise FileNotFoundError(f"data: expected a file or a directory, found none at {given['data']!r}")
    else:
        raise TypeError(f"data: expected a path or a DataFrame, found {type(data).__name__}")
    return read_options(given)


def read_options(options: dict[str, Any]) -> Dataset:
    """The data that options of the library describe, `data` or `text` among them."""
    native = Object()
    native.call_interruptible("recvae_read", as_json(options))
    native.warn()
    return Dataset(native)


def data_options() -> dict[str, str]:
    """The options of :func:`read` and what they mean."""
    return {option["name"]: option["help"] for option in Object().text("data options") if option["name"] != "data"}
