"""A bar for long work, in a terminal and in a notebook."""
from __future__ import annotations

import sys
from typing import Any


def bar(shown: bool, total: int, description: str, unit: str) -> Any:
    """tqdm's bar; where it is not installed, or nobody would see it, one that shows nothing."""
    if shown:
        try:
            from tqdm.auto import tqdm

            # None: in a file, a bar would be noise
            return tqdm(total=total, desc=description, unit=unit, unit_scale=True, leave=True,
                        disable=False if _in_notebook() else None)
        except ImportError:
            pass
    return Silent()


def _in_notebook() -> bool:
    """There, output is no terminal, and seen."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


class Silent:
    """Shows nothing."""

    total = 0

    def update(self, _: float) -> None:
        """As tqdm's."""

    def set_description(self, *_: Any, **__: Any) -> None:
        """As tqdm's."""

    def set_postfix_str(self, *_: Any, **__: Any) -> None:
        """As tqdm's."""

    def close(self) -> None:
        """As tqdm's."""
