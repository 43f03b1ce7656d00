"""Metrics of models, whoever has made them, as the commands compute them."""
from __future__ import annotations

import ctypes
import inspect
from ctypes import byref
from typing import Any, NamedTuple, Sequence

import numpy as np
from numpy.typing import NDArray

from ._matrix import Matrix, _csr
from ._native import HeldOut, Object, as_json
from ._progress import bar
from ._recommender import TOGETHER, Recommender


class Evaluation(dict[str, float]):
    """``{metric: mean}``, and how it came about.

    Attributes
    ----------
    users : int
        users with something hidden
    rows : ndarray of int64, [users]
        which rows they are
    per_user : dict of ndarray, [users]
        of each metric the users' values; NaN: not defined. Empty where it was not asked for
    intervals : dict of (low, high)
        of 95 %; empty where they were not asked for
    """

    def __init__(self, native: Object, per_user: bool, bootstrap: int) -> None:
        result = native.text("result")
        super().__init__(zip(result["metrics"], map(_number, result["means"])))
        self._native = native
        self.users: int = result["users"]
        self.rows: NDArray[np.int64] = native.array("rows")
        values = native.array("values")
        self.per_user = {name: values[:, k] for k, name in enumerate(self)} if per_user else {}
        intervals = native.intervals(bootstrap) if bootstrap else {}
        self.intervals: dict[str, tuple[float, float]] = {
            name: (_number(low), _number(high)) for name, (low, high) in intervals.items()}

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


class Comparison(NamedTuple):
    """Two models on the same users: the first less the second."""

    a: float  #: mean of the first
    b: float  #: mean of the second
    difference: float  #: a - b, over the users that both have a value of
    low: float  #: its 95 % interval
    high: float
    p: float  #: two-sided p-value of a sign-flip test


def evaluate(model: Any, shown: Any, hidden: Any, metrics: Sequence[str] = ("ndcg@100", "recall@20", "recall@50"), *,
             topk: Sequence[int] = (20, 50, 100), per_user: bool = False, bootstrap: int = 0,
             recall_denominator: str = "min", tail_ratio: float | None = None, masked: Any = None, train: Any = None,
             progress: bool = False) -> Evaluation:
    """Means of metrics over users, of lists without what was shown.

    Parameters
    ----------
    model : a model of recvae; any object with ``recommend(userid, user_items, N)``; or ndarray of float32, [users, items]
        who ranks. Of another object recommend() is called with ``recalculate_user=True``, where it has that; scores of
        a matrix are compared as float32, equal ones by the lower item
    shown, hidden : sparse matrices, [users, items]
        what the model is shown of each user, and what it has to recover
    metrics : list of str
        ndcg, recall, precision, hit, mrr, map, itemcoverage, averagepopularity, giniindex, shannonentropy,
        tailpercentage, gauc; with a cutoff (``"ndcg@100"``), or crossed with `topk`
    per_user : bool
        also each user's values
    bootstrap : int
        samples of 95 % intervals; 0: none
    recall_denominator : "min" or "all"
        recall over min(k, n) of a user's n items, as the authors have it, or over n, as RecBole does
    masked : sparse matrix, optional
        further items that no list has
    train : sparse matrix, optional
        whose users make items popular, for metrics that look at that; default: `shown`
    progress : bool
        shows a bar

    Returns
    -------
    Evaluation
        ``result["ndcg@100"]``

    Raises
    ------
    TypeError, ValueError
        an argument is wrong, or shapes differ
    """
    struct = HeldOut(size=ctypes.sizeof(HeldOut))
    rows = Matrix(shown, "shown")
    matrices = {"shown": rows, "hidden": Matrix(hidden, "hidden", rows.cols)}
    for name, matrix in (("masked", masked), ("train", train)):
        if matrix is not None:
            matrices[name] = Matrix(matrix, name, rows.cols)
    for name, matrix in matrices.items():
        setattr(struct, name, ctypes.pointer(matrix.struct))
    options = {"metrics": [str(m) for m in ([metrics] if isinstance(metrics, str) else metrics)],
               "topk": [topk] if isinstance(topk, (int, np.integer)) else list(topk),
               "recall_denominator": recall_denominator, "tail_ratio": tail_ratio}
    kept = _ranked(model, shown, rows, struct, options)
    native = Object()
    native.call("recvae_evaluate", as_json(options), byref(struct))
    native.keep(matrices["hidden"])
    shown_bar = bar(progress, rows.rows, "evaluating", "users")
    done = 0
    try:
        for at in native.steps():
            shown_bar.update(at.done - done)
            done = at.done
    finally:
        shown_bar.close()
    del kept, matrices  # which the steps have read
    return Evaluation(native, per_user, bootstrap)


def _ranked(model: Any, shown: Any, rows: Matrix, struct: HeldOut, options: dict[str, Any]) -> Any:
    """Says in `struct` who ranks; returns the memory for it."""
    if isinstance(model, Recommender):
        native = model._fitted()
        if native.items != rows.cols:
            raise ValueError(f"shown: expected {native.items} columns, one for each item, found {rows.cols}")
        struct.model = native.handle
        return native
    if isinstance(model, np.ndarray):
        if model.shape != (rows.rows, rows.cols):
            raise ValueError(f"model: expected scores of {rows.rows} users and {rows.cols} items, "
                             f"found {' x '.join(map(str, model.shape))}")
        if model.dtype.kind not in "biuf":
            raise TypeError(f"model: expected scores, found {model.dtype}")
        with np.errstate(over="ignore"):
            scores = np.ascontiguousarray(model, np.float32)
        if np.isnan(scores).any() or np.isposinf(scores).any():
            raise ValueError("model: expected scores that are numbers, also as float32, found others")
        struct.scores = scores.ctypes.data
        return scores
    if not callable(getattr(model, "recommend", None)):
        raise TypeError(f"model: expected one with recommend(), or scores, found {type(model).__name__}")
    lists = _lists_of(model, _csr(shown, "shown"), _largest_cutoff(options), rows.cols)
    struct.lists, struct.list_length = lists.ctypes.data, lists.shape[1]
    return lists


def _largest_cutoff(options: dict[str, Any]) -> int:
    cutoffs = [int(k) for k in options["topk"]] if any("@" not in m for m in options["metrics"]) else []
    own = [m.split("@", 1)[1] for m in options["metrics"] if "@" in m]
    return max([*cutoffs, *[int(k) for k in own if k.isdigit()], 1])


def _lists_of(model: Any, shown: Any, length: int, items: int) -> NDArray[np.int32]:
    """What another model recommends, [users, length]; -1 where there is no more."""
    users = shown.shape[0]
    length = min(length, items)
    lists = np.full((users, length), -1, np.int32)
    takes = inspect.signature(model.recommend).parameters
    own = {"recalculate_user": True} if "recalculate_user" in takes else {}  # else implicit lists for a training user
    for first in range(0, users, TOGETHER):
        ids = np.arange(first, min(first + TOGETHER, users))
        found = np.asarray(model.recommend(ids, shown[ids], N=length, **own)[0])
        if found.ndim != 2 or found.shape[0] != len(ids):
            raise ValueError(f"model: expected recommend() to give {len(ids)} lists, found an array of shape {found.shape}")
        if found.dtype.kind not in "iu":
            raise TypeError(f"model: expected recommend() to give indices of items, found {found.dtype}")
        if found.size and int(found.max()) >= items:
            raise ValueError(f"model: expected recommend() to give items below {items}, found {found.max()}")
        found = found[:, :length]
        lists[ids, : found.shape[1]] = np.maximum(found, -1) if found.dtype.kind == "i" else found
    return lists


def compare(a: Any, b: Any, shown: Any, hidden: Any, metric: str = "ndcg@100", *, samples: int = 10000,
            **options: Any) -> Comparison:
    """Compares two models user by user.

    Parameters
    ----------
    a, b, shown, hidden, **options
        as of :func:`evaluate`
    metric : str
        one, with its cutoff
    samples : int
        of the interval and of the test

    Returns
    -------
    Comparison
        ``difference, low, high, p`` of the first less the second, as ``recvae_evaluate --compare``
    """
    first = evaluate(a, shown, hidden, [metric], **options)
    second = evaluate(b, shown, hidden, [metric], **options)
    found = first._native.compare(second._native, samples)
    if len(found) != 1:
        raise ValueError(f"metric: expected one with its cutoff, found {metric!r}")
    ((name, difference),) = found.items()
    numbers = {key: _number(value) for key, value in difference.items()}
    return Comparison(first[name], second[name], numbers["mean"], numbers["low"], numbers["high"], numbers["p"])


