"""RecVAE: training, and what only it can do."""
from __future__ import annotations

import ctypes
import os
from ctypes import byref
from typing import Any, Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ._data import Dataset
from ._matrix import Matrix, tokens
from ._native import Error, Object, Problem, Progress, as_json, path_of
from ._progress import bar
from ._recommender import Recommender
from ._settings import NAMES, Settings

Callback = Callable[[dict[str, Any]], Any]


class RecVAE(Settings, Recommender):
    __doc__ = f"""RecVAE (Shenbin et al., WSDM 2020), a variational autoencoder for top-N recommendation.

    The defaults are the preset "paper"; `RecVAE.from_preset` has the others.
    {(Settings.__init__.__doc__ or "").rstrip()}

    Attributes
    ----------
    history_ : list of dict
        of each epoch what a callback gets, with the validation metrics under their own names:
        ``pandas.DataFrame(model.history_).plot("epoch", "ndcg@100")``
    best_epoch_, best_score_ : int, float or None
        the epoch that the weights are of, and its valid_metric; None: a file does not say
    n_items_, item_tokens_ : int, list of str
        the items
    """

    @classmethod
    def from_preset(cls, preset: str, **changes: Any) -> RecVAE:
        """A model with the settings of a preset (paper, wsdm, recbole, multvae, multdae), some of them changed."""
        settings = {s["name"]: s["value"] for s in Object().text(f"settings {preset}")}
        return cls(**{**settings, **changes})

    def fit(self, train: Any, validation: Any = None, *, callback: Callback | None = None, progress: bool = True,
            item_ids: Sequence[Any] | None = None, user_ids: Sequence[Any] | None = None,
            checkpoint: str | os.PathLike[str] | None = None, resume: str | os.PathLike[str] | None = None) -> RecVAE:
        """Trains the model from the beginning, and keeps the weights of the best epoch.

        Ctrl-C stops it within a second; the model is then the one of the full epochs until then.

        Parameters
        ----------
        train : sparse matrix, [users, items]; or Dataset
            numbers above 0 are interactions, whatever their size. CSR with ascending int32 columns is read where it
            lies: there is no copy. A Dataset brings its validation, its names and its split
        validation : (shown, hidden), optional
            of other users, or of the same: what is shown of each and what is to be found. `valid_metric` chooses the
            best epoch by it; without, the last one is the best
        callback : callable, optional
            called after each epoch with its record, a line of metrics.jsonl as a dict; True ends the training
        progress : bool
            shows a bar
        item_ids, user_ids : list of str, optional
            names of the columns and rows, which weight files keep; else "0", "1", ...
        checkpoint : path, optional
            a directory, which must not have a run in it, for the files of a run as of recvae_train: checkpoints,
            metrics.jsonl, model.safetensors
        resume : path, optional
            such a directory: goes on with its run, which was of the same data and settings, to the same bits as
            without a stop

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            a matrix, a setting or what else was given is wrong
        DataError
            a directory cannot be used
        Error
            training diverged
        """
        if checkpoint is not None and resume is not None:
            raise ValueError("checkpoint, resume: expected one of them, found both")
        problem = self._problem(train, validation, item_ids, user_ids)
        directory = resume if resume is not None else checkpoint
        if directory is not None:
            problem.struct.directory = path_of(directory, "checkpoint" if resume is None else "resume")
            problem.struct.resume = int(resume is not None)
        return self._train(problem, self._settings(), callback, progress)

    def partial_fit(self, train: Any, *, epochs: int = 1, callback: Callback | None = None, progress: bool = False,
                    item_ids: Sequence[Any] | None = None, user_ids: Sequence[Any] | None = None) -> RecVAE:
        """Goes on from the weights that the model has, on other rows: all that is to be learned from now.

        Columns are the items that the model knows, or `item_ids` says which they are: new ones begin afresh, gone ones
        are dropped. Other arguments are those of :meth:`fit`; the last epoch's weights are kept.
        """
        before = self._fitted()
        if item_ids is None and not isinstance(train, Dataset):
            train = Matrix(train, "train", before.items)
            item_ids = self.item_tokens_
        problem = self._problem(train, False, item_ids, user_ids)
        problem.struct.from_ = before.handle
        return self._train(problem, {**self._settings(), "epochs": epochs}, callback, progress)

    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in NAMES}

    def _problem(self, train: Any, validation: Any, item_ids: Sequence[Any] | None,
                 user_ids: Sequence[Any] | None) -> _Problem:
        if not isinstance(train, Dataset):
            shown, hidden = _pair(validation) if validation is not None and validation is not False else (None, None)
            return _Problem(train, shown, hidden, item_ids, user_ids)
        if item_ids is not None or user_ids is not None:
            raise ValueError("item_ids, user_ids: expected none beside a Dataset, which has them")
        if validation is None:
            return _Problem(train)
        shown, hidden = (None, None) if validation is False else _pair(validation)
        return _Problem(train.train, shown, hidden, train.item_tokens, train.user_tokens)

    def _train(self, problem: _Problem, settings: dict[str, Any], callback: Callback | None, progress: bool) -> RecVAE:
        run = Object()
        run.call("recvae_fit", as_json(settings), byref(problem.struct))
        run.keep(problem)
        run.warn()
        try:
            self._run(run, settings["epochs"], callback, progress)
        except Error:  # it diverged
            raise
        except BaseException:  # Ctrl-C, or the callback's
            if run.text("log"):
                self._take_run(run)
            raise
        self._take_run(run)
        return self

    def _run(self, run: Object, epochs: int, callback: Callback | None, progress: bool) -> None:
        shown = _Bar(run, epochs, progress)
        try:
            for at in run.steps():
                shown.show(at)
                if at.ended_epoch and callback is not None:
                    ends = callback(run.text("record"))
                    if isinstance(ends, (bool, np.bool_)) and ends:
                        return
        finally:
            shown.close()

    def _take_run(self, run: Object) -> None:
        """The model of the run's best epoch so far."""
        native = Object()
        native.call("recvae_result", run.handle)
        self._take(native)
        self.history_ = [_flat(record) for record in run.text("log")]
        state = run.text("state")
        self.best_epoch_: int | None = state["best_epoch"]
        self.best_score_: float | None = state["best"]
        self._run_state = state

    def embed(self, histories: Any) -> NDArray[np.float32]:
        """The posterior's mean of each history: ``embed(x) @ item_factors.T + item_bias`` are the scores.

        Parameters
        ----------
        histories : sparse matrix, [n, items]

        Returns
        -------
        ndarray of float32, [n, width]
            the width of `item_factors`: latent_dimension, or that of the decoder's hidden layer
        """
        native = self._fitted()
        matrix = Matrix(histories, "histories", native.items)
        width = native.array("item_factors").shape[1]
        codes = np.empty((matrix.rows, width), np.float32)
        for first in range(0, matrix.rows, 4096):
            some = matrix.part(first, min(4096, matrix.rows - first))
            native.call("recvae_embed", byref(some), width, codes[first:].ctypes.data)
        return codes

    @property
    def item_factors(self) -> NDArray[np.float32]:
        """The decoder's weight, [items, latent_dimension], where it lies: read-only, not a copy."""
        return self._fitted().array("item_factors")

    @property
    def item_bias(self) -> NDArray[np.float32]:
        """The decoder's bias, [items], likewise."""
        return self._fitted().array("item_bias")

    def _like(self, metric: str) -> Object:
        similar: dict[str, Object] = self.__dict__.setdefault("_similar", {})
        if metric not in similar:
            native = Object()
            native.call("recvae_similar", self._fitted().handle, str(metric).encode())
            native.keep(self._fitted())
            native.items = self._fitted().items
            similar[metric] = native
        return similar[metric]


class _Problem:
    """recvae_problem, and the memory that it names."""

    def __init__(self, train: Any, shown: Any = None, hidden: Any = None, item_ids: Sequence[Any] | None = None,
                 user_ids: Sequence[Any] | None = None) -> None:
        self.struct = Problem(size=ctypes.sizeof(Problem))
        self.kept: list[Any] = [train]
        if isinstance(train, Dataset):
            self.struct.data = train._native.handle
            return
        matrix = train if isinstance(train, Matrix) else Matrix(train, "train")
        self.struct.train = self._pointer(matrix)
        if shown is not None:
            self.struct.shown = self._pointer(Matrix(shown, "shown", matrix.cols))
            self.struct.hidden = self._pointer(Matrix(hidden, "hidden", matrix.cols))
        self.struct.item_tokens, self.struct.user_tokens = tokens(item_ids, "item_ids"), tokens(user_ids, "user_ids")

    def _pointer(self, matrix: Matrix) -> Any:
        self.kept.append(matrix)
        return ctypes.pointer(matrix.struct)


class _Bar:
    """How far a run is: users of all its epochs."""

    def __init__(self, run: Object, epochs: int, shown: bool) -> None:
        self.run, self.epochs, self.done, self.first = run, epochs, 0, True
        self.bar = bar(shown, epochs, "epoch", "users")

    def show(self, at: Progress) -> None:
        if self.first:
            self.first = False
            self.bar.total = self.epochs * at.total
            self.bar.set_description(f"epoch {at.epoch}/{self.epochs}", refresh=False)
        done = (at.epoch - 1) * at.total + at.done
        self.bar.update(done - self.done)
        self.done = done
        if at.ended_epoch:
            valid = self.run.text("record")["valid"] or {}
            self.bar.set_description(f"epoch {min(at.epoch + 1, self.epochs)}/{self.epochs}", refresh=False)
            self.bar.set_postfix_str(", ".join(f"{name} {value:.4f}" for name, value in list(valid.items())[:2]))

    def close(self) -> None:
        self.bar.close()


def _pair(validation: Any) -> tuple[Any, Any]:
    if isinstance(validation, (tuple, list)) and len(validation) == 2:
        return validation[0], validation[1]
    raise TypeError(f"validation: expected (shown, hidden), found {type(validation).__name__}")


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """A record of one level: metrics under their own names."""
    valid = record.pop("valid") or {}
    return {**record, **valid}

