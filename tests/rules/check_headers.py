#!/usr/bin/env python3
"""Each header of the libraries compiles alone, twice over and without a warning; and all together by clang++, where it
is installed, which warns of other things.

  check_headers.py ROOT -- COMPILER...
"""
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

root = Path(sys.argv[1]).resolve()
compiler = sys.argv[sys.argv.index("--") + 1:]
flags = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
headers = sorted(h for folder in ("autodiff", "nn", "data", "recvae") for h in (root / folder).rglob("*.h"))


def compile_alone(header):
    # Included twice, so that a missing #pragma once shows; no -I, so that only relative includes resolve.
    source = f'#include "{header}"\n' * 2
    run = subprocess.run([*compiler, *flags, "-x", "c++", "-"], input=source, capture_output=True, text=True)
    return header, run.returncode, run.stderr


with ThreadPoolExecutor(os.cpu_count()) as pool:
    failed = [(header, errors) for header, status, errors in pool.map(compile_alone, headers) if status]
for header, errors in failed:
    print(f"{header.relative_to(root)} does not compile alone:\n{errors}")
print(f"{len(headers) - len(failed)} of {len(headers)} headers compile alone")

if shutil.which("clang++"):
    together = "".join(f'#include "{header}"\n' for header in headers)
    run = subprocess.run(["clang++", *flags, "-x", "c++", "-"], input=together, capture_output=True, text=True)
    print(f"clang++, all together: {run.stderr or 'no warning'}")
    failed += [(root, run.stderr)] * bool(run.returncode)
sys.exit(bool(failed) or not headers)
