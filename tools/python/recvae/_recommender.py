"""What all models have: lists for users, as the package implicit gives them."""
from __future__ import annotations

import copy
import ctypes
import inspect
import os
import tempfile
from ctypes import byref
from typing import Any, ClassVar, Sequence

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from ._matrix import Matrix, item_array
from ._native import NotFittedError, Object, Request, path_of

Lists = tuple[NDArray[Any], NDArray[np.float32]]
TOGETHER = 1024  # users whose lists are made in one call: some 50 ms
_REQUEST_SIZE = ctypes.sizeof(Request)


class Recommender:
    """A model that ranks items for histories.

    A history is a row of a matrix, users x items: numbers above 0 are items of the user, whatever their size. There is
    no user who is known by a number alone: lists follow from the history that is given.
    """

    _native: Object | None = None
    _kept_together: ClassVar[tuple[str, ...]] = ()  # further attributes that belong to what was learned

    # --- parameters, as scikit-learn has them -------------------------------------------------------------------

    @classmethod
    def _parameters(cls) -> dict[str, inspect.Parameter]:
        """Of the constructor, and where it hands others on, of those before it."""
        found: dict[str, inspect.Parameter] = {}
        for base in cls.__mro__:
            own = list(inspect.signature(base.__init__).parameters.values())[1:]  # type: ignore[misc]
            variable = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
            found.update({p.name: p for p in own if p.kind not in variable and p.name not in found})
            if all(p.kind != inspect.Parameter.VAR_KEYWORD for p in own):
                break
        return found

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments."""
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: Any) -> Any:
        """Changes them. Raises ValueError for one that the constructor does not have."""
        names = self._parameters()
        for name, value in params.items():
            if name not in names:
                raise ValueError(f"{name}: expected a parameter of {type(self).__name__} ({', '.join(names)})")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        parameters = self._parameters()
        changed = [f"{name}={value!r}" for name, value in self.get_params().items()
                   if not _same(value, parameters[name].default)]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_is_fitted__(self) -> bool:
        return self._native is not None

    # --- what was learned ------------------------------------------------------------------------------------------

    def _fitted(self) -> Object:
        if self._native is None:
            raise NotFittedError(f"this {type(self).__name__} has learned nothing yet: expected fit() before")
        return self._native

    def _take(self, native: Object) -> None:
        """Is what `native` is from now on."""
        self.__dict__.pop("_similar", None)
        self.__dict__.pop("_index_of", None)
        self.item_tokens_ = self._tokens(native)
        self.n_items_ = native.items = len(self.item_tokens_)
        self._native = native

    def _tokens(self, native: Object) -> list[str]:
        tokens: list[str] = native.text("item_tokens")
        return tokens

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model as a safetensors file, which the commands take, too. It is complete, or as it was.

        Raises
        ------
        DataError
            it cannot be written
        """
        self._fitted().call("recvae_save", path_of(path))

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items() if name not in ("_native", "_similar")}
        if self._native is not None:
            with tempfile.TemporaryDirectory() as folder:
                file = os.path.join(folder, "model.safetensors")
                self.save(file)
                with open(file, "rb") as opened:
                    state["_weights"] = opened.read()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        weights = state.pop("_weights", None)
        self.__dict__.update(state)
        if weights is not None:
            with tempfile.TemporaryDirectory() as folder:
                file = os.path.join(folder, "model.safetensors")
                with open(file, "wb") as opened:
                    opened.write(weights)
                native = Object()
                native.call("recvae_load", path_of(file))
            native.items = self.n_items_
            self._native = native

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        other = type(self).__new__(type(self))
        memo[id(self)] = other
        for name, value in self.__dict__.items():  # what was learned never changes: it is shared
            other.__dict__[name] = value if name in ("_native", "_similar") else copy.deepcopy(value, memo)
        return other

    def __copy__(self) -> Any:
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        return other

    # --- lists --------------------------------------------------------------------------------------------------------

    def recommend(self, userid: Any, user_items: Any, N: int = 10, filter_already_liked_items: bool = True,
                  filter_items: Any = None, recalculate_user: bool = False, items: Any = None) -> Lists:
        """The best items for users, as implicit's models give them.

        Parameters
        ----------
        userid : int or array of int, [n]
            one user, or several. They are not looked up: `user_items` says who they are
        user_items : sparse matrix, [1, items] or [n, items]
            the history of each of these users
        N : int
            items in a list; no more than there are
        filter_already_liked_items : bool
            leave out the items of the history
        filter_items : array of int
            further items that no list has
        recalculate_user : bool
            as if it were True, whatever it is: lists always follow from the history
        items : array of int
            rank these alone; not together with `filter_items`

        Returns
        -------
        ids : ndarray of int32, [N] or [n, N]
            best first, equal scores by the lower item; -1 where there are no more
        scores : ndarray of float32
            -inf there

        Raises
        ------
        TypeError, ValueError, IndexError
            an argument is of the wrong type, wrong, or beyond the items
        """
        native = self._fitted()
        single = np.ndim(userid) == 0
        if single and np.asarray(userid).dtype.kind not in "iu":
            raise TypeError(f"userid: expected a whole number or several, found {type(userid).__name__}")
        matrix = Matrix(user_items, "user_items", native.items)
        users = 1 if single else len(userid)
        if matrix.rows != users:
            raise ValueError(f"user_items: expected {users} row(s), one for each user, found {matrix.rows}")
        ids, scores = self._lists(native, matrix, N, filter_already_liked_items, filter_items, items)
        return (ids[0], scores[0]) if single else (ids, scores)

    def _lists(self, native: Object, matrix: Matrix, N: int, filter_history: bool, filter_items: Any,
               items: Any) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        if not isinstance(N, (int, np.integer)) or isinstance(N, bool):
            raise TypeError(f"N: expected a whole number, found {type(N).__name__}")
        if N < 1:
            raise ValueError(f"N: expected a number from 1 on, found {N}")
        count = native.items
        request = Request(_REQUEST_SIZE, min(int(N), count), 0 if filter_history else 1)
        if filter_items is not None:
            if items is not None:
                raise ValueError("items, filter_items: expected one of them, found both")
            excluded = item_array(filter_items, "filter_items", count)
            request.exclude, request.excluded = excluded.ctypes.data, len(excluded)
        if items is not None:
            candidates = np.unique(item_array(items, "items", count))
            if not len(candidates):
                raise ValueError("items: expected some, found none")
            request.candidates, request.candidate_count = candidates.ctypes.data, len(candidates)
            request.n = min(request.n, len(candidates))
        ids = np.empty((matrix.rows, request.n), np.int32)
        scores = np.empty((matrix.rows, request.n), np.float32)
        reference, row_bytes = byref(request), 4 * request.n
        ids_at, scores_at = ids.ctypes.data, scores.ctypes.data
        for first in range(0, matrix.rows, TOGETHER):
            some = matrix.part(first, min(TOGETHER, matrix.rows - first))
            at = first * row_bytes
            native.call("recvae_recommend", byref(some), reference, ids_at + at, scores_at + at)
        return ids, scores

    def _history(self, native: Object, history: Any) -> tuple[Matrix, bool]:
        """A row of one history, and whether it names its items."""
        history = list(history)
        named = [isinstance(item, (str, np.str_)) for item in history]
        if any(named):
            if not all(named):
                raise TypeError("history: expected names or indices of items, found both")
            if "_index_of" not in self.__dict__:
                self._index_of = {token: index for index, token in enumerate(self.item_tokens_)}
            unknown = [item for item in history if item not in self._index_of]
            if unknown:
                raise KeyError(f"history: expected items that the model knows, found {unknown[0]!r}")
            history = [self._index_of[item] for item in history]
        indices = np.unique(item_array(history, "history", native.items))
        row = scipy.sparse.csr_matrix((np.ones(len(indices), np.float32), indices, [0, len(indices)]),
                                      shape=(1, native.items))
        return Matrix(row, "history"), any(named)

    def recommend_history(self, history: Sequence[int] | Sequence[str], N: int = 10,
                          filter_already_liked_items: bool = True, filter_items: Any = None,
                          items: Any = None) -> Lists:
        """The best items for one history.

        Parameters
        ----------
        history : list of int, or of str
            indices of items; or their names, texts always: "1193", not 1193
        N, filter_already_liked_items, filter_items, items
            as of :meth:`recommend`

        Returns
        -------
        ids : ndarray of int32, [N]; or of str, where the history has names
        scores : ndarray of float32, [N]

        Raises
        ------
        KeyError
            a name is none of an item
        """
        native = self._fitted()
        matrix, named = self._history(native, history)
        ids, scores = self._lists(native, matrix, N, filter_already_liked_items, filter_items, items)
        if not named:
            return ids[0], scores[0]
        found = ids[0] >= 0
        return np.array([self.item_tokens_[k] for k in ids[0][found]], dtype=object), scores[0][found]

    def similar_items(self, itemid: Any, N: int = 10, filter_items: Any = None, items: Any = None,
                      metric: str = "cosine") -> Lists:
        """The items most like others.

        Parameters
        ----------
        itemid : int or array of int, [n]
        N, filter_items, items
            as of :meth:`recommend`
        metric : str
            of RecVAE, how decoder rows are compared: "cosine" or "dot"; a baseline ranks by its own weights

        Returns
        -------
        ids, scores : ndarrays, [N] or [n, N]
            without the item itself, as ``recvae_similar`` has it
        """
        native = self._like(metric)
        single = np.ndim(itemid) == 0
        asked = item_array([itemid] if single else itemid, "itemid", native.items)
        rows = scipy.sparse.csr_matrix((np.ones(len(asked), np.float32), asked, np.arange(len(asked) + 1)),
                                       shape=(len(asked), native.items))
        ids, scores = self._lists(native, Matrix(rows, "itemid"), N, True, filter_items, items)
        return (ids[0], scores[0]) if single else (ids, scores)

    def _like(self, metric: str) -> Object:
        """What ranks items by how like they are to those of a history."""
        return self._fitted()


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, (list, tuple, np.ndarray)):
        return isinstance(b, tuple) and list(a) == list(b)
    return bool(a is b or a == b)
