"""RecBole's search over hyper-parameters, by the engine of recvae_tune."""
from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable, Sequence

from ._native import Error, Object, as_json
from .quick_start import configure

Objective = Callable[..., dict[str, Any]]


class HyperTuning:
    """Tries settings, and says which are the best on validation.

    Parameters
    ----------
    objective_function : callable
        ``objective_function(config_dict, config_file_list)``, which returns at least ``best_valid_score``: recvae.quick_start's, or one of your own
    params_file : path
        a line for each parameter: ``learning_rate choice [0.001,0.0005]``, ``uniform``, ``loguniform``, ``quniform``
    params_dict : dict
        the same as ``{"choice": {"learning_rate": [0.001, 0.0005]}, "uniform": {"dropout_prob": [0.1, 0.7]}}``
    fixed_config_file_list : list of paths
        what is not searched
    fixed_config_dict : dict
        likewise
    algo : str
        exhaustive, random or asha
    max_evals, early_stop : int, optional
        settings to try; how many in a row may be no better

    Attributes
    ----------
    best_params, best_score : dict, float
    params2result : dict
        of each trial, by its parameters as a text, what the objective function returned
    """

    def __init__(self, objective_function: Objective, space: Any = None, params_file: Any = None,
                 params_dict: dict[str, Any] | None = None, fixed_config_file_list: Sequence[str] | None = None,
                 display_file: Any = None, algo: str = "exhaustive", max_evals: int | None = None,
                 early_stop: int | None = None, *, fixed_config_dict: dict[str, Any] | None = None) -> None:
        if space is not None:
            raise TypeError("space: expected none; params_file and params_dict say what is searched")
        if (params_file is None) == (params_dict is None):
            raise ValueError("expected params_file or params_dict, found both or none")
        self.objective_function = objective_function
        self.fixed_config_file_list = fixed_config_file_list
        self.fixed_config_dict = dict(fixed_config_dict or {})
        fixed = dict(self.fixed_config_dict)
        settings, _ = configure(fixed.pop("model", None), fixed.pop("dataset", None), fixed_config_file_list, fixed)
        text = Path(params_file).read_text(encoding="utf-8") if params_file is not None else _lines(params_dict or {})
        self._search = Object()
        self._search.call("recvae_search",
                          as_json({"params": text, "params_file": str(params_file or "params_dict"), "algo": algo,
                                   "max_evals": max_evals, "early_stop": early_stop}), as_json(settings))
        self.best_params: dict[str, Any] | None = None
        self.best_score: float | None = None
        self.params2result: dict[str, dict[str, Any]] = {}

    @staticmethod
    def params2str(params: dict[str, Any]) -> str:
        """``learning_rate:0.001, latent_dimension:64``"""
        return ", ".join(f"{name}:{value}" for name, value in params.items())

    def run(self, verbose: bool = True) -> None:
        """Tries all that the search asks for. Ctrl-C ends it; what was found until then stays."""
        record = None
        try:
            while (task := self._search.next(record)) is not None:
                record = self._try(task, verbose)
        finally:  # a task that was broken off comes again, by another run()
            best = self._search.text("best")
            if best is not None:
                self.best_params, self.best_score = best["values"], best["valid"]

    def _try(self, task: dict[str, Any], verbose: bool) -> dict[str, Any]:
        start = time.monotonic()
        values = task["values"]
        given = {**self.fixed_config_dict, **values, "epochs": task["epochs"], "seed": task["settings"]["seed"]}
        try:
            result = self.objective_function(given, self.fixed_config_file_list)
        except Error:  # training diverged
            result = {}
        score = result.get("best_valid_score")
        diverged = score is None or score != score
        self.params2result[self.params2str(values)] = result
        if verbose:
            print(f"{self.params2str(values)}\t{'diverged' if diverged else score}")
        seconds = time.monotonic() - start
        if diverged:
            return {"diverged": True, "seconds": seconds}
        return {"valid": score, "test": list(result.get("test_result", {}).values()), "seconds": seconds}

    def export_result(self, output_file: Any = None) -> None:
        """Writes a table, a row per trial; without a name, prints it."""
        table: str = self._search.text("trials")
        if output_file is None:
            print(table, end="")
        else:
            Path(output_file).write_text(table, encoding="utf-8")


def _lines(params: dict[str, Any]) -> str:
    return "".join(f"{name} {kind} [{','.join(map(str, values))}]\n" if kind == "choice" else
                   f"{name} {kind} {','.join(map(str, values))}\n"
                   for kind, of in params.items() for name, values in of.items())
