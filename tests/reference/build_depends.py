#!/usr/bin/env python3
"""What Debian's source packages need to be built, as interactions: a data set that no setting was chosen on.

  curl -O https://deb.debian.org/debian/dists/bookworm/main/source/Sources.xz
  build_depends.py Sources.xz > build-depends.csv

Users are source packages, items what their Build-Depends, Build-Depends-Indep and Build-Depends-Arch name; of
alternatives the first. Pairs are unique.
"""
import lzma
import re
import sys

FIELDS = ("Build-Depends", "Build-Depends-Indep", "Build-Depends-Arch")


def fields(paragraph):
    """{name: value}, folded lines joined."""
    return dict(re.findall(r"(?m)^([^\s:]+):[ \t]*((?:.*\n?)(?:[ \t].*\n?)*)", paragraph))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with lzma.open(sys.argv[1], "rt") as sources:
        packages = [fields(paragraph) for paragraph in sources.read().split("\n\n") if paragraph.strip()]
    pairs = {}
    for package in packages:
        for needed in ",".join(package.get(name, "") for name in FIELDS).split(","):
            if found := re.match(r"\s*([a-z0-9][a-z0-9.+-]+)", needed):
                pairs[package["Package"].strip(), found[1]] = None
    print("userId,itemId")
    for user, item in pairs:
        print(f"{user},{item}")


if __name__ == "__main__":
    main()
