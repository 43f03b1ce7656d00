#!/usr/bin/env python3
"""Builds and runs the programs of this folder against an installed copy of the library, found by pkg-config; that of the
model also by CMake, where it is installed and the build no cross build.

  check_consumer.py BUILD LIBDIR [--wrapper PROGRAM] [--packages DIR]... [--sysroot DIR] -- COMPILER...

LIBDIR: the absolute folder that the build installs libraries to. The options are those of a cross build: what runs its programs,
where pkg-config finds its packages, and what it puts before their paths.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

here = Path(__file__).resolve().parent
parser = argparse.ArgumentParser()
parser.add_argument("build")
parser.add_argument("libdir")
parser.add_argument("--wrapper", action="append", default=[])
parser.add_argument("--packages", action="append", default=[])
parser.add_argument("--sysroot", default="")
split = sys.argv.index("--")
options, compiler = parser.parse_args(sys.argv[1:split]), sys.argv[split + 1:]


def run(*command, **kwargs):
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, **kwargs)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


with tempfile.TemporaryDirectory() as folder:
    run("meson", "install", "-C", options.build, "--no-rebuild", "--destdir", folder)
    installed_lib = Path(folder + options.libdir)
    packages = installed_lib / "pkgconfig"
    # The .pc files name the prefix of a real installation: let them name where this one is.
    for package in packages.glob("*.pc"):
        text = package.read_text()
        prefix = re.search(r"^prefix=(.*)$", text, re.MULTILINE).group(1)
        package.write_text(text.replace(f"prefix={prefix}\n", f"prefix={folder}{prefix}\n", 1))
    environment = {**os.environ, "PKG_CONFIG_PATH": str(packages), "LD_LIBRARY_PATH": str(installed_lib)}
    if options.packages:
        environment["PKG_CONFIG_LIBDIR"] = ":".join(options.packages)
    if options.sysroot:
        environment["PKG_CONFIG_SYSROOT_DIR"] = options.sysroot

    def flags(package, *wanted):
        # What was installed just now lies here, not in the sysroot.
        return run("pkg-config", *wanted, package, env=environment).replace(options.sysroot + folder, folder).split()

    # A user needs our libraries, OpenBLAS and TBB: what the .cpp files use besides is no requirement to compile with.
    for package in packages.glob("*.pc"):
        required = set(flags(package.stem, "--print-requires"))
        surplus = {r for r in required if not r.startswith("recvae")} - {"openblas", "tbb", "zlib", "libxxhash"}
        if surplus:
            sys.exit(f"{package.name} requires {', '.join(sorted(surplus))}, which its headers do not need")

    # And the headers include nothing but each other and the standard library.
    include = Path(flags("recvae-autodiff", "--variable=includedir")[0]) / "recvae"
    for header in include.rglob("*.h"):
        foreign = re.findall(r"#\s*include\s*<((?:nlohmann|tbb|oneapi|CLI|doctest)/.*|cblas\.h|zlib\.h|xxhash\.h)>", header.read_text())
        if foreign and header.name != "check_op.h":  # it is for tests, with doctest
            sys.exit(f"the installed {header.relative_to(include)} needs a header that is not installed with it: {foreign}")
    for package, umbrella in [("recvae-autodiff", "autodiff/autodiff.h"), ("recvae-nn", "nn/nn.h"),
                              ("recvae", "data/data.h"), ("recvae", "recvae/recvae.h")]:
        run(*compiler, "-std=c++20", "-fsyntax-only", "-x", "c++", "-", *flags(package, "--cflags"),
            cwd=folder, input=f'#include "{umbrella}"\n')

    for program, package in [("consumer", "recvae-nn"), ("mlp", "recvae-nn"), ("own_op", "recvae-nn"), ("model", "recvae")]:
        binary = Path(folder, program)
        run(*compiler, "-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror", here / f"{program}.cpp", "-o", binary,
            *flags(package, "--cflags", "--libs"), cwd=folder)
        print(f"{program}: {run(*options.wrapper, binary, env=environment, cwd=folder).strip()}")

    if (packages / "recvae-c.pc").exists():  # the C interface comes with the commands
        binary = Path(folder, "c_api")
        run(*compiler, "-x", "c", "-std=c11", "-Wall", "-Wextra", "-Werror", here / "c_api.c", "-o", binary,
            *flags("recvae-c", "--cflags", "--libs"), cwd=folder)
        print(f"c_api: {run(*options.wrapper, binary, env=environment, cwd=folder).split()}")

    if shutil.which("cmake") and not options.sysroot:
        project, work = Path(folder, "project"), Path(folder, "work")
        shutil.copytree(here / "cmake", project)
        shutil.copytree(here / "host", project / "host")
        for program in ("consumer", "mlp", "model"):
            shutil.copy(here / f"{program}.cpp", project)
        run("cmake", "-S", project, "-B", work, f"-DCMAKE_PREFIX_PATH={folder}{prefix}", f"-DCMAKE_CXX_COMPILER={';'.join(compiler)}")
        run("cmake", "--build", work, "--target", "model")
        print(f"model, by CMake: {run(*options.wrapper, work / 'model', env=environment, cwd=folder).strip()}")
