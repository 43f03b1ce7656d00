#!/usr/bin/env python3
"""Builds the site, where a warning is an error; looks for every public name of ad and ad::nn in its reference, for names in
its pages that are none, and for links that lead nowhere. (An op need not be there, as adding one takes its header and a
test: Doxygen lists it by its header, and wants a sentence.)

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

pages = {page.name: page.read_text(encoding="utf-8") for page in (root / "tools/docs/pages").glob("*.md")}
ops = {f"ad::{name}" for header in (root / "autodiff/ops").glob("*.h") for name in re.findall(r"(?m)^\w.* (\w+)\(", header.read_text())}
missing = sorted(names - ops - set(re.findall(r"[\w:]+", pages["reference.md"])))
wrong = [f"not in reference.md: {name}" for name in missing]
for page, text in sorted(pages.items()):
    text = re.sub(r"^(```|<!-- cpp).*?(^```|-->)$", "", text, flags=re.DOTALL | re.MULTILINE)  # the compiler looks at these
    for name in sorted(set(re.findall(r"(?<![\w:.])(?:ad::(?:nn::|blas::)?|nn::)\w+", text))):
        if ("ad::" + name.removeprefix("ad::")) not in names | {"ad::nn", "ad::blas"}:
            wrong.append(f"{page}: there is no {name}")

html = out / "html"
for page in html.glob("*.html"):
    for link in re.findall(r'(?:href|src|data)="([^"#:?]+)["#?]', page.read_text(encoding="utf-8")):
        if not (html / link).exists():
            wrong.append(f"{page.name}: there is no {link}")

print(f"{len(names)} public names, {len(wrong)} mistakes")
if wrong or not names:
    sys.exit("\n".join(sorted(set(wrong))))
