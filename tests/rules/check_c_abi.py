#!/usr/bin/env python3
"""The binary interface of recvae/c_api.h, which programs are compiled against: its names, status codes, and where the
members of its structs lie. What is pinned here changes with RECVAE_ABI_VERSION alone; what is new is added.

  check_c_abi.py ROOT LIBRARY.so -- COMPILER...
"""
import re
import subprocess
import sys
from pathlib import Path

VERSION = 1
FUNCTIONS = """recvae_array_of recvae_blend recvae_compare recvae_configure recvae_embed recvae_error recvae_evaluate recvae_fit
recvae_free recvae_intervals recvae_learn recvae_load recvae_new recvae_next recvae_read recvae_recommend recvae_result recvae_save
recvae_search recvae_similar recvae_step recvae_text recvae_threads recvae_version""".split()
CONSTANTS = {"RECVAE_OK": 0, "RECVAE_BAD_VALUE": 1, "RECVAE_BAD_DATA": 2, "RECVAE_BAD_STATE": 3, "RECVAE_STOPPED": 4,
             "RECVAE_NO_MEMORY": 5, "RECVAE_FAILED": 6, "RECVAE_I8": 0, "RECVAE_U8": 1, "RECVAE_I16": 2, "RECVAE_U16": 3,
             "RECVAE_I32": 4, "RECVAE_U32": 5, "RECVAE_I64": 6, "RECVAE_U64": 7, "RECVAE_F32": 8, "RECVAE_F64": 9}
STRUCTS = {  # size, and the members' places, on a machine of 64 bits
    "recvae_rows": (88, {"size": 0, "rows": 8, "cols": 16, "entries": 24, "indptr": 32, "indices": 40, "values": 48,
                         "indptr_type": 56, "indices_type": 60, "values_type": 64, "name": 72, "first_row": 80}),
    "recvae_array": (40, {"size": 0, "data": 8, "type": 16, "dimensions": 20, "shape": 24}),
    "recvae_problem": (80, {"size": 0, "data": 8, "train": 16, "shown": 24, "hidden": 32, "item_tokens": 40,
                            "user_tokens": 48, "from": 56, "directory": 64, "resume": 72}),
    "recvae_request": (56, {"size": 0, "n": 8, "include_history": 16, "exclude": 24, "excluded": 32, "candidates": 40,
                            "candidate_count": 48}),
    "recvae_held_out": (72, {"size": 0, "shown": 8, "hidden": 16, "masked": 24, "train": 32, "model": 40, "scores": 48,
                             "lists": 56, "list_length": 64}),
    "recvae_progress": (48, {"size": 0, "epoch": 8, "done": 16, "total": 24, "evaluating": 32, "ended_epoch": 36,
                             "finished": 40}),
}

split = sys.argv.index("--")
root, library = Path(sys.argv[1]), sys.argv[2]
compiler = sys.argv[split + 1:]
header = root / "recvae/c_api.h"
wrong = []

listed = subprocess.run(["nm", "--dynamic", "--defined-only", "--format=posix", library], capture_output=True, text=True, check=True)
exported = sorted(line.split()[0] for line in listed.stdout.splitlines())
declared = sorted(re.findall(r"^RECVAE_C_API [^(]*?(\w+)\(", header.read_text(), re.M))
for what, names in (("exported", exported), ("declared", declared)):
    wrong += [f"{name}: {what}, but not pinned" for name in names if name not in FUNCTIONS]
    wrong += [f"{name}: pinned, but not {what}" for name in FUNCTIONS if name not in names]

members = dict(re.findall(r"^typedef struct \{(.*?)^\} (\w+);", header.read_text(), re.M | re.S))
for body, struct in members.items():
    names = re.findall(r"(\w+)(?:\[\d+\])?;", re.sub(r"/\*.*?\*/", "", body, flags=re.S))
    pinned = STRUCTS.get(struct, (0, {}))[1]
    if names != list(pinned):
        wrong.append(f"{struct}: pinned members {list(pinned)}, found {names}")
claims = [f"RECVAE_ABI_VERSION == {VERSION}", "sizeof(void*) != 8 || 1"]
claims += [f"{name} == {value}" for name, value in CONSTANTS.items()]
for struct, (size, places) in STRUCTS.items():
    claims.append(f"sizeof(void*) != 8 || sizeof({struct}) == {size}")
    claims += [f"sizeof(void*) != 8 || offsetof({struct}, {name}) == {place}" for name, place in places.items()]
source = f'#include "{header}"\n' + "".join(f'_Static_assert({claim}, "{claim}");\n' for claim in claims)
compiled = subprocess.run([*compiler, "-x", "c", "-std=c11", "-pedantic", "-Wall", "-Werror", "-fsyntax-only", "-"], input=source,
                          capture_output=True, text=True)
if compiled.returncode:
    wrong.append(compiled.stderr)
print("\n".join(wrong) or f"{len(FUNCTIONS)} functions, {len(STRUCTS)} structs, as they were")
sys.exit(bool(wrong))
