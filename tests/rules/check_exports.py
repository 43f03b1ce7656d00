#!/usr/bin/env python3
"""What shared libraries export: names of ad:: and recvae:: alone, and every function that an installed header declares and
a library defines. Links the static libraries to shared ones, as -Ddefault_library=shared would.

  check_exports.py BUILD EXPORTS_MAP LIBRARY.a... -- COMPILER...
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

OURS = re.compile(r"_Z(N|NK|T[ISV]N)(2ad|6recvae)\w+")
# At the left margin, where clang-format puts what is in a namespace: a function that is declared only, a class.
FUNCTION = re.compile(r"^(?!inline |using |static_assert|friend |})(?=[A-Za-z_])(?:(?!RECVAE_API)[^(){};=#/])*\b(\w+)\([^{};]*(?:\{\}[^{};]*)*\)[^{};()]*;", re.M)
CLASS = re.compile(r"^(?:class|struct) (\w+)[^;{()]*{", re.M)

split = sys.argv.index("--")
build, exports_map, *libraries = sys.argv[1:split]
compiler = sys.argv[split + 1:]


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def names(*options):
    """{mangled name: kind} as nm lists them."""
    return {name: kind for name, kind, *_ in map(str.split, output("nm", "--format=posix", "--defined-only", *options).splitlines()) if kind}


with tempfile.TemporaryDirectory() as folder:
    exported, compiled = set(), {}
    for library in libraries:
        shared = Path(folder, "shared.so")
        output(*compiler, "-shared", f"-Wl,--version-script={exports_map}", "-Wl,--whole-archive", library, "-Wl,--no-whole-archive", "-o", shared)
        exported |= names("--dynamic", shared).keys()
        for line in output("nm", "--format=posix", "--defined-only", library).splitlines():
            if not line.endswith(":"):
                compiled[line.split()[0]] = line.split()[1]

strangers = sorted(name for name in exported if not OURS.fullmatch(name))

hidden = sorted(name for name, kind in compiled.items() if kind in "TW" and name not in exported and OURS.fullmatch(name))
demangled = subprocess.run(["c++filt"], input="\n".join(hidden), capture_output=True, text=True, check=True).stdout.splitlines()
functions, methods = set(), set()  # their own names; their classes
for mangled, name in zip(hidden, demangled):
    scope = re.match(r"(?:[^(]* )?((?:\w+::)+)~?(\w+)", name)
    if scope:
        functions.add(scope[2])
        if compiled[mangled] == "T":  # not what the compiler adds
            methods.add(scope[1].split("::")[-2])

missing = []
for header in json.loads(output("meson", "introspect", "--installed", build)):
    if header.endswith(".h"):
        text = re.sub(r"//.*", "", Path(header).read_text())
        missing += [f"{header}: {name} has no RECVAE_API" for name in FUNCTION.findall(text) if name in functions]
        missing += [f"{header}: class {name} has no RECVAE_API" for name in CLASS.findall(text) if name in methods]

for name in strangers:
    print(f"exported, though not ours: {name}")
print(*missing, sep="\n")
print(f"{len(exported)} names exported, {len(strangers)} not ours; {len(missing)} functions and classes of headers that are not")
sys.exit(bool(strangers or missing or not exported or not hidden))
