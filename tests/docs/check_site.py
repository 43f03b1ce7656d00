#!/usr/bin/env python3
"""Builds the site, where a warning is an error, and looks for every public name of ad and ad::nn in its reference.

  check_site.py ROOT OUT VERSION        exits 77 where doxygen, its theme or Graphviz is not installed
"""
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

root, out, version = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
status = subprocess.run([root / "tools/docs/build", out, version]).returncode
if status:
    sys.exit(status)

names = set()
for compound in xml.parse(out / "names.xml").getroot().iter("compound"):
    name = compound.findtext("name")
    if compound.get("kind") in ("class", "struct"):
        names.add(re.sub(r"<.*", "", name).strip())
    elif compound.get("kind") == "namespace":
        names |= {f"{name}::{member.findtext('name')}" for member in compound.iter("member")}
# A class within a class is found on the page of the outer one; operators go with what they call.
names = {name for name in names if re.fullmatch(r"ad::((nn|blas)::)?\w+", name) and "operator" not in name}

reference = (root / "tools/docs/pages/reference.md").read_text(encoding="utf-8")
known = set(re.findall(r"[\w:]+", reference))
missing = sorted(names - known)
unknown = sorted(name for name in known if name.startswith("ad::") and name not in names and name not in ("ad::", "ad::nn", "ad::blas"))
print(f"{len(names)} public names, {len(missing)} of them not in reference.md, {len(unknown)} there that are none")
if missing or unknown or not names:
    sys.exit("\n".join([*(f"not in reference.md: {name}" for name in missing), *(f"no such name: {name}" for name in unknown)]))
