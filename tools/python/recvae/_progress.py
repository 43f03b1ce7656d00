"""A bar for long work, in a terminal and in a notebook."""
from __future__ import annotations

from typing import Any


def bar(shown: bool, total: int, description: str, unit: str) -> Any:
    """tqdm's bar; where it is not installed, or nobody would see it, one that shows nothing."""
    if shown:
        try:
            from tqdm.auto import tqdm

            # disable=None: in a file, a bar would be noise
            return tqdm(total=total, desc=description, unit=unit, unit_scale=True, disable=None, leave=True)
        except ImportError:
            pass
    return Silent()


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
