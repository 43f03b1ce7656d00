#!/usr/bin/env python3
"""Runs the Python of the documentation: of each page the ```python blocks after a line `<!-- python -->` are one program, in
their order, in a folder of its own; the other ```python blocks are compiled.

  check_python.py PAGE...
  check_python.py --self-test
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BLOCK = re.compile(r"^(<!-- python -->\n)?```python\n(.*?)^```$", re.M | re.S)


def program(path):
    """The text of a page's program, whose lines have their numbers in the page."""
    text, lines = path.read_text(encoding="utf-8"), []
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(2))
        if block[1]:
            lines += [""] * (first - len(lines)) + block[2].splitlines()
        else:
            compile(block[2], f"{path}:{first + 1}", "exec")
    return "\n".join(lines)


def check(path):
    """What is wrong with a page, or None."""
    try:
        code = program(path)
    except SyntaxError as error:
        return f"{error.filename}: {error}"
    if not code.strip():
        return f"{path}: nothing to run"
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([sys.executable, "-c", f"exec(compile({code!r}, {str(path)!r}, 'exec'))"], cwd=folder, capture_output=True, text=True)
    print(f"{path.name}:\n{run.stdout}")
    return run.stderr if run.returncode else None


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.md")

        def found(text):
            page.write_text(text)
            return check(page)

        run = "<!-- python -->\n```python\n%s\n```\n"
        assert found(run % "x = 1" + "text\n" + run % "assert x == 1") is None
        assert "line 3" in found(run % "assert 1 == 2")
        assert "invalid syntax" in found(run % "x = 1" + "```python\nx = = 1\n```\n")
        assert "nothing to run" in found("```python\nx = 1\n```\n")


if sys.argv[1:] == ["--self-test"]:
    sys.exit(self_test())
wrong = [what for what in map(check, map(Path, sys.argv[1:])) if what]
print(*wrong, sep="\n")
sys.exit(bool(wrong))
