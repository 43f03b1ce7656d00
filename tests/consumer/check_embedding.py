#!/usr/bin/env python3
"""Projects of their own build and run on the libraries autodiff and nn: found by CMake or by pkg-config in an installed
prefix, static and shared, with each compiler that is there, and as a Meson subproject. (Static by pkg-config is what
check_consumer.py does.)

  check_embedding.py SOURCE

The libraries are built here without the model (-Dmodel=disabled), which must need no more than OpenBLAS and TBB. Nothing of
the tree is in reach of the projects but what is installed. Where cmake is not installed, that way is left out, which is said.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

source = Path(sys.argv[1]).resolve()
programs = ("consumer", "mlp", "guest")
compilers = [c for c in ("g++", "clang++") if shutil.which(c)]


def run(*command, **kwargs):
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, **kwargs)
    if result.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def run_programs(folder, how, **environment):
    for program in programs:
        said = run(folder / program, env={**os.environ, **environment}).strip()
        print(f"{how}, {program}: {said}")


def by_cmake(project, prefix, work, compiler):
    run("cmake", "-S", project, "-B", work, f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={compiler}",
        "-DCMAKE_BUILD_TYPE=Release")
    run("cmake", "--build", work, "-j2")


def by_pkg_config(project, prefix, work, compiler):
    work.mkdir()
    packages = next(prefix.rglob("pkgconfig"))
    flags = run("pkg-config", "--cflags", "--libs", "recvae-nn", "openblas",
                env={**os.environ, "PKG_CONFIG_PATH": str(packages)}).split()

    def build(program):
        file = project / ("host/guest.cpp" if program == "guest" else f"{program}.cpp")
        run(compiler, "-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{project}/host", file, "-o", work / program, *flags)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(build, programs))


with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    project = folder / "project"  # what a stranger has: these programs, and nothing of the tree
    shutil.copytree(source / "tests/consumer/cmake", project)
    shutil.copytree(source / "tests/consumer/host", project / "host")
    for program in ("consumer", "mlp"):
        shutil.copy(source / f"tests/consumer/{program}.cpp", project)

    build, first = folder / "build", folder / "first"
    said = run("meson", "setup", build, source, "-Dmodel=disabled", "-Ddefault_library=both", "-Dbuildtype=plain", f"--prefix={first}")
    for needless in ("zlib", "nlohmann", "xxhash", "yaml"):
        if needless in said:
            sys.exit(f"-Dmodel=disabled looks for {needless}:\n{said}")
    run("meson", "install", "-C", build)
    shutil.rmtree(build)
    for kind, ways in (("static", [by_cmake]), ("shared", [by_cmake, by_pkg_config])):
        prefix = folder / kind  # moved: nothing but pkg-config's files, which name it, may know where it was
        shutil.copytree(first, prefix, symlinks=True)
        for library in [*prefix.rglob("*.so*" if kind == "static" else "*.a")]:
            library.unlink()
        for package in prefix.rglob("*.pc"):
            package.write_text(package.read_text().replace(str(first), str(prefix)))
        libraries = next(prefix.rglob("pkgconfig")).parent
        for compiler in compilers:
            for way in ways:
                if way is by_pkg_config or shutil.which("cmake"):
                    work = folder / f"{kind}-{compiler}-{way.__name__}"
                    way(project, prefix, work, compiler)
                    run_programs(work, f"{kind}, {compiler}, {way.__name__}", LD_LIBRARY_PATH=str(libraries))
    shutil.rmtree(first)

    exported = [line.split()[0] for library in (folder / "shared").rglob("*.so")
                for line in run("nm", "--dynamic", "--defined-only", "--format=posix", library).splitlines()]
    strangers = [name for name in exported if not re.match(r"_Z(N|NK|T[ISV]N)2ad", name)]
    if strangers or not exported:
        sys.exit("exported, though not in ad::\n" + "\n".join(strangers))
    print(f"{len(exported)} names exported, all of ad::")

    host = folder / "host"  # the library as a subproject of another project
    shutil.copytree(source / "tests/consumer/meson", host)
    shutil.copytree(project, host, dirs_exist_ok=True)
    library = host / "subprojects/recvae"
    for part in ("meson.build", "meson_options.txt", "autodiff", "nn", "tools/cmake", "tests/support/check_op.h"):
        (library / part).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (source / part).is_dir() else shutil.copy)(source / part, library / part)
    run("meson", "setup", host / "build", host, "-Dbuildtype=plain")
    run("meson", "compile", "-C", host / "build")
    run_programs(host / "build", "Meson subproject")

if not shutil.which("cmake"):
    print("cmake is not installed: find_package(recvae) is not tested")
