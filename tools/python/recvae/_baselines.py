"""Simple models that a larger one has to beat, and blends."""
from __future__ import annotations

import copy
import ctypes
import inspect
from typing import Any, ClassVar, Sequence, TypeVar

from ._data import Dataset
from ._matrix import Matrix, tokens
from ._native import Object, as_json
from ._recommender import Recommender

Self = TypeVar("Self", bound="Baseline")


class Baseline(Recommender):
    """A model that is learned in one go."""

    _name: ClassVar[str]
    _options: ClassVar[dict[str, str]] = {}  # of the library, by parameter

    def fit(self: Self, train: Any, *, item_ids: Sequence[Any] | None = None,
            user_ids: Sequence[Any] | None = None) -> Self:
        """Learns from the rows of `train`.

        Parameters
        ----------
        train : sparse matrix, [users, items]; or Dataset, whose training rows are meant
        item_ids, user_ids : list of str
            names of the columns and rows; else "0", "1", ...

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            `train` is no such matrix, or a parameter is wrong
        Error
            the weights cannot be computed, for a regularization that is too small
        """
        if isinstance(train, Dataset):
            item_ids, user_ids, train = train.item_tokens, train.user_tokens, train.train
        matrix = Matrix(train, "train")
        given = {option: getattr(self, name) for name, option in self._options.items()}
        native = Object()
        native.call_interruptible("recvae_learn", self._name.encode(), as_json(given), ctypes.byref(matrix.struct),
                                  tokens(item_ids, "item_ids"), tokens(user_ids, "user_ids"))
        self._take(native)
        return self


class Popularity(Baseline):
    """The number of users of an item, the same for everybody."""

    _name = "popularity"

    def __init__(self) -> None:
        pass


class EASE(Baseline):
    """x B with B = I - P / diag(P), P = (X'X + regularization I)^-1 (Steck, WWW 2019).

    Parameters
    ----------
    regularization : float, default 250
        lambda of the paper, RecBole's reg_weight
    double_precision : bool, optional
        of the matrix that is inverted; default: up to 20,000 items
    """

    _name = "ease"
    _options = {"regularization": "lambda", "double_precision": "double_precision"}

    def __init__(self, regularization: float = 250.0, double_precision: bool | None = None) -> None:
        self.regularization = regularization
        self.double_precision = double_precision


class EDLAE(Baseline):
    """EASE from histories of which items are dropped: P = (X'X + regularization I + p / (1 - p) diag(X'X))^-1
    (Steck, NeurIPS 2020).

    Parameters
    ----------
    regularization : float, default 250
    dropout : float, default 0.25
        p, in [0, 1)
    double_precision : bool, optional
        as of :class:`EASE`
    """

    _name = "edlae"
    _options = {"regularization": "lambda", "dropout": "dropout", "double_precision": "double_precision"}

    def __init__(self, regularization: float = 250.0, dropout: float = 0.25,
                 double_precision: bool | None = None) -> None:
        self.regularization = regularization
        self.dropout = dropout
        self.double_precision = double_precision


class ItemKNN(Baseline):
    """x S with S the cosine similarity of items, the `neighbors` largest of each column.

    Parameters
    ----------
    neighbors : int, default 100
        RecBole's k
    """

    _name = "itemknn"
    _options = {"neighbors": "neighbors"}

    def __init__(self, neighbors: int = 100) -> None:
        self.neighbors = neighbors


class Blend(Recommender):
    """A sum of the scores of models, each standardised per user over what can be listed.

    Parameters
    ----------
    models : list of fitted models
        which know the same items
    weights : list of float, optional
        one for each, 0 or from 1e-6 to 1e6; default: 1
    """

    def __init__(self, models: Sequence[Recommender], weights: Sequence[float] | None = None) -> None:
        self.models = models
        self.weights = weights
        self._made_of: tuple[Any, ...] = ()

    def _fitted(self) -> Object:
        weights = [1.0] * len(self.models) if self.weights is None else [float(w) for w in self.weights]
        if len(weights) != len(self.models):
            raise ValueError(f"weights: expected {len(self.models)}, one for each model, found {len(weights)}")
        for place, model in enumerate(self.models):
            if not isinstance(model, Recommender):
                raise TypeError(f"models: expected models of recvae, found {type(model).__name__} at {place}")
        parts = [model._fitted() for model in self.models]
        made_of = (tuple(map(id, parts)), tuple(weights))
        if self._native is None or made_of != self._made_of:
            native = Object()
            native.call("recvae_blend", (ctypes.c_void_p * len(parts))(*[part.handle for part in parts]),
                        (ctypes.c_double * len(parts))(*weights), len(parts))
            native.keep(*parts)
            self._take(native)
            self._made_of = made_of
        assert self._native is not None
        return self._native

    def _take(self, native: Object) -> None:
        native.items = self.n_items_
        self._native = native

    @property
    def n_items_(self) -> int:  # type: ignore[override]
        """How many items the models know."""
        return self.models[0].n_items_

    @property
    def item_tokens_(self) -> list[str]:  # type: ignore[override]
        """Their names."""
        return self.models[0].item_tokens_

    def fit(self, train: Any, **options: Any) -> Blend:
        """Fits all models to the same rows; each takes of `options` what its fit() has."""
        for model in self.models:
            fit = model.fit  # type: ignore[attr-defined]
            fit(train, **{name: value for name, value in options.items() if name in inspect.signature(fit).parameters})
        self._fitted()
        return self

    def save(self, path: Any) -> None:
        """A blend has no file of its own: save its models. Raises NotImplementedError."""
        raise NotImplementedError("a blend has no file of its own: save its models, and blend them again")

    def __getstate__(self) -> dict[str, Any]:
        return {"models": self.models, "weights": self.weights}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return type(self)(copy.deepcopy(self.models, memo), copy.deepcopy(self.weights, memo))
