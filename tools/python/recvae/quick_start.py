"""RecBole's door: ``from recvae.quick_start import run_recbole`` in place of ``from recbole.quick_start``."""
from __future__ import annotations

import ctypes
from typing import Any, Sequence

from ._data import read_options
from ._evaluate import evaluate
from ._native import Object, plain
from ._recvae import RecVAE

_DECIMALS = 4  # of results, as RecBole rounds them


def _text(value: Any) -> str:
    """A value of a configuration, as it stands on a command line."""
    return str(plain(value))


def configure(model: str | None = None, dataset: str | None = None, config_file_list: Sequence[str] | None = None,
              config_dict: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings and the options of the data that RecBole's arguments mean here, by the preset "recbole".

    Keys of RecBole without meaning are named in one warning. Raises ValueError for a key that RecBole does not know
    either, or a wrong value; DataError for what is wrong in a file.
    """
    arguments = ["--preset=recbole"]
    if model is not None:
        arguments.append(f"--model={model}")
    if dataset is not None:
        arguments.append(f"--dataset={dataset}")
    for file in [config_file_list] if isinstance(config_file_list, str) else config_file_list or []:
        arguments += ["--config", str(file)]
    arguments += [f"--{name}={_text(value)}" for name, value in (config_dict or {}).items()]
    native = Object()
    encoded = [argument.encode() for argument in arguments]
    native.call("recvae_configure", (ctypes.c_char_p * len(encoded))(*encoded), len(encoded))
    native.warn()
    return native.text("settings"), native.text("data")


def _rounded(result: dict[str, float]) -> dict[str, float]:
    return {name: round(value, _DECIMALS) for name, value in result.items()}


def run_recbole(model: str | None = None, dataset: str | None = None, config_file_list: Sequence[str] | None = None,
                config_dict: dict[str, Any] | None = None, saved: bool = True, queue: Any = None, *,
                progress: bool = True) -> dict[str, Any]:
    """Trains and tests a model as RecBole's function of this name does.

    Parameters
    ----------
    model : str
        RecVAE, MultiVAE or MultiDAE
    dataset : str
        looked for as ``data_path/dataset/dataset.inter``; `data_path` is a key, default ``dataset``
    config_file_list : list of paths
        YAML files; a later one wins
    config_dict : dict
        wins over the files
    saved, queue
        accepted; nothing is written or sent

    Returns
    -------
    dict
        ``best_valid_score``, ``valid_score_bigger``, ``best_valid_result`` and ``test_result``, rounded to four decimals
    """
    result = _run(model, dataset, config_file_list, config_dict, progress)
    if queue is not None:
        queue.put(result)
    return result


def _run(model: str | None, dataset: str | None, config_file_list: Sequence[str] | None,
         config_dict: dict[str, Any] | None, progress: bool) -> dict[str, Any]:
    settings, options = configure(model, dataset, config_file_list, config_dict)
    if "data" not in options:
        raise ValueError("dataset: expected a name, found none")
    data = read_options(options)
    trained = RecVAE(**settings).fit(data, progress=progress)
    names = [name for name in trained.history_[-1] if "@" in name or name == "gauc"]
    best = next((r for r in trained.history_ if r["epoch"] == trained.best_epoch_), trained.history_[-1])
    valid = _rounded({name: best[name] for name in names if name in best})
    state = trained._run_state
    tested = evaluate(trained, *data.test, settings["metrics"], topk=settings["topk"],
                      recall_denominator=state["recall_denominator"], tail_ratio=settings["tail_ratio"],
                      masked=data.test.masked, train=data.train)
    return {"best_valid_score": None if trained.best_score_ is None else round(trained.best_score_, _DECIMALS),
            "valid_score_bigger": state["bigger_is_better"], "best_valid_result": valid,
            "test_result": _rounded(tested)}


def objective_function(config_dict: dict[str, Any] | None = None, config_file_list: Sequence[str] | None = None,
                       saved: bool = True) -> dict[str, Any]:
    """What HyperTuning calls for a trial: :func:`run_recbole`'s result, and which `model` it is of."""
    given = dict(config_dict or {})
    model, dataset = given.pop("model", None), given.pop("dataset", None)
    result = _run(model, dataset, config_file_list, given, False)
    return {"model": model or "RecVAE", **result}
