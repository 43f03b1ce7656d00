#!/usr/bin/env python3
"""The static library holds no mutable global outside the two files that stand for a process-wide setting of others, and
what is compiled for several levels of the processor shares no symbol: the linker would keep the first one, perhaps that of
a level which the processor does not have.

  check_globals.py LIBRARY.a [ANOTHER.a whose levels are looked at, too]
"""
import re
import subprocess
import sys

ALLOWED = re.compile(r"(kernels_blas|parallel)\.cpp\.o")  # BLAS's thread count; the thread pool

listing = subprocess.run(["nm", "--print-file-name", "--demangle", sys.argv[1]], capture_output=True, text=True, check=True).stdout
# LIBRARY.a:member.o:0000000000000048 b name, where B and D are writable memory (and tables that the linker relocates)
symbols = re.findall(r"^.*?:([^:\s]+\.o):[0-9a-f]+ [bBdD] (.*)$", listing, re.MULTILINE)
state = [(member, name) for member, name in symbols if not re.match(r"(vtable|typeinfo|construction vtable|VTT) |.*::(float|double)_table$", name)]
wrong = [(member, name) for member, name in state if not ALLOWED.fullmatch(member)]
for member, name in wrong:
    print(f"{member}: a mutable global: {name}")
everywhere = subprocess.run(["nm", "--print-file-name", "--demangle", *sys.argv[1:]], capture_output=True, text=True, check=True).stdout
levels = re.findall(r"^.*?:([^:\s]*_level\.cpp\.o):[0-9a-f ]+ (\w) (.*)$", everywhere, re.MULTILINE)
if not levels:
    sys.exit("nothing that is compiled for levels: this check reads the wrong thing")
shared = [(member, name) for member, kind, name in levels if kind in "WVu" and not name.startswith("DW.ref.")]  # no code: the exception handler's address
for member, name in shared:
    print(f"{member}: shared between levels: {name}")
wrong += shared
print(f"{len(wrong)} globals where none may be, {len(state) - len(wrong)} where they may")
sys.exit(bool(wrong) or len(state) == 0)  # none at all: this check reads the wrong thing
