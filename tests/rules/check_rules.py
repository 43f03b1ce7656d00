#!/usr/bin/env python3
"""The rules of the repository that a compiler does not check; CONTRIBUTING.md gives the reasons.

  check_rules.py ROOT          prints FILE:LINE: [rule] what is wrong, for each violation; exit status 1 if there is one
  check_rules.py --self-test   breaks each rule in a tree of its own and expects to be told so
"""
import re
import sys
import tempfile
from pathlib import Path

# What each library folder may include. A lower folder never includes a higher one.
LAYERS = {
    "autodiff": {"autodiff"},
    "nn": {"nn", "autodiff"},
    "data": {"data"},
    "recvae": {"recvae", "nn", "autodiff", "data"},
}
# Everything else stands above the libraries, in this order.
HIGHER = {"tools": {*LAYERS, "tools"}, "tests": {*LAYERS, "tools", "tests"}}
MAY_INCLUDE = LAYERS | HIGHER

TOP_LEVEL = {"autodiff", "nn", "recvae", "data", "tools", "tests", "meson.build", "meson_options.txt", "pyproject.toml", "LICENSE"}
TOP_LEVEL_IGNORED = re.compile(r"\..*|build.*|runs|.*\.md")

# Headers of others, and the files that may include them.
RESERVED_HEADERS = [
    ("tbb", re.compile(r"(tbb|oneapi)/.*"), re.compile(r"autodiff/parallel\.cpp")),
    ("cblas", re.compile(r"(.*/)?(cblas.*|openblas_config)\.h"), re.compile(r"autodiff/kernels/blas\.cpp")),
    ("intrinsics", re.compile(r"([a-z0-9]*intrin|cpuid|arm_neon|arm_sve)\.h"), re.compile(r".*kernel.*")),
]

# What no library may contain, looked for outside comments and strings.
FORBIDDEN = [
    ("prints", re.compile(r"\b(?:v?f?printf|puts|putchar|perror)\s*\(|\b(?:stdout|stderr|cout|cerr|clog)\b"),
     "a library prints nothing"),
    ("exits", re.compile(r"(?<![.>])\b(?:exit|_exit|_Exit|quick_exit|abort|terminate)\s*\("), "a library throws, it never ends the process"),
    ("environment", re.compile(r"\b(?:secure_)?getenv\b|\b(?:setenv|putenv|environ)\b"), "a library reads no environment variables"),
    ("thread-local", re.compile(r"\bthread_local\b|\b__thread\b"), "no thread_local: tasks move between threads"),
]
FORBIDDEN_INCLUDE = ("iostream", re.compile(r"iostream"), "<iostream> has static constructors and prints")

EXPORT_MACRO = "autodiff/kernels/api.h"  # which any library may include: one macro, and nothing else

MOST_FILES, MOST_LINES = 25, 80  # of a folder; of a function
UNBOUNDED = re.compile(r"tests/(golden|fuzz/corpus)(/.*)?")
# How clang-format leaves a function's first line, or its last line of arguments, and its end: in a namespace or a class.
TYPE = re.compile(r"\s*(namespace|(template .*)?(class|struct|union|enum)\b|extern|(static )?constexpr|const\b.*=).*")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
# Raw strings first, then comments and literals: whatever opens first wins. A digit separator (1'000) opens nothing.
NOISE = re.compile(
    r'R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'
    r"|//(?:\\\n|[^\n])*|/\*.*?\*/"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'", re.DOTALL)


def without_noise(text):
    """The code with comments and literals blanked out, line breaks kept."""
    return NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def without_comments(text):
    """The code with only the comments blanked out: includes still have their names."""
    return NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()) if m.group().startswith("/") else m.group(), text)


def included_folder(root, file, name):
    """The top-level folder that an include leads into, or None where it is not ours."""
    for base in (file.parent, root):
        target = (base / name).resolve()
        if target.is_file() and root in target.parents:
            return target.relative_to(root).parts[0]
    first = Path(name).parts[0]
    return first if first in MAY_INCLUDE else None  # ours by name, though the file is missing


def check_file(root, file):
    path = file.relative_to(root).as_posix()
    folder = path.split("/")[0]
    library = folder in LAYERS
    text = file.read_text(encoding="utf-8")

    for number, line in enumerate(without_comments(text).splitlines(), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        quoted, angled = include.groups()
        name = quoted or angled
        target = included_folder(root, file, name)
        if target and target not in MAY_INCLUDE[folder] and not name.endswith(EXPORT_MACRO):
            yield path, number, "layers", f"{folder}/ must not include {target}/: {name}"
        if library and file.suffix == ".h":
            if quoted and not (file.parent / quoted).is_file():
                yield path, number, "relative", f"a header includes ours by a path relative to itself: {name}"
            if angled and target:
                yield path, number, "relative", f"a header includes ours in quotes, by a relative path: {name}"
        for rule, header, allowed in RESERVED_HEADERS:
            if header.fullmatch(name) and not allowed.fullmatch(path):
                yield path, number, rule, f"{name} belongs in {allowed.pattern} alone"
        rule, header, why = FORBIDDEN_INCLUDE
        if library and header.fullmatch(name):
            yield path, number, rule, why

    code = without_noise(text)
    for number, lines in long_functions(code):
        yield path, number, "long-function", f"a function of {lines} lines, at most {MOST_LINES}"
    if library:
        for number, line in enumerate(code.splitlines(), 1):
            for rule, pattern, why in FORBIDDEN:
                if pattern.search(line):
                    yield path, number, rule, f"{why}: {line.strip()}"
            if file.suffix == ".h" and re.match(r"\s*using\s+namespace\b", line):
                yield path, number, "using-namespace", "a header opens no namespace for its reader"


def long_functions(code):
    """(line number, lines) of each function that is too long, in code as clang-format lays it out."""
    for indent in ("", "  "):
        begin = None
        for number, line in enumerate(code.splitlines(), 1):
            if line.startswith(indent) and not line[len(indent):].startswith((" ", "}", "#")) and line.strip():
                begin = None if TYPE.match(line) else begin or number
                if line.rstrip().endswith((";", ":")):
                    begin = None
            elif line.rstrip().startswith(indent + "}") and begin:
                if number - begin + 1 > MOST_LINES:
                    yield begin, number - begin + 1
                begin = None


def check_tree(root):
    root = root.resolve()
    for entry in sorted(root.iterdir()):
        if entry.name not in TOP_LEVEL and not TOP_LEVEL_IGNORED.fullmatch(entry.name):
            yield entry.name, 1, "top-level", f"not a name of the top level ({' '.join(sorted(TOP_LEVEL))} *.md)"
    for folder in MAY_INCLUDE:
        for directory in [root / folder, *sorted((root / folder).rglob("*/"))]:
            files = [f for f in directory.glob("*") if f.is_file()]
            name = directory.relative_to(root).as_posix()
            if len(files) > MOST_FILES and not UNBOUNDED.fullmatch(name) and "__pycache__" not in name:
                yield name, 1, "full-folder", f"{len(files)} files, at most {MOST_FILES}"
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".h", ".cpp") and file.is_file():
                yield from check_file(root, file)


# --- the rules, broken one by one ---------------------------------------------------------------------------------

CLEAN = {
    "meson.build": "",
    "pyproject.toml": "",
    "README.md": "",
    ".gitignore": "",
    "build-check/anything.cpp": "#include <iostream>\n",
    "runs/demo.txt": "",
    "autodiff/tape.h": '#pragma once\n#include <span>\n// printf( in a comment, #include <iostream>\n/* abort() */\n',
    "autodiff/ops/add.h": '#pragma once\n#include "../tape.h"\n',
    "autodiff/parallel.cpp": "#include <tbb/parallel_for.h>\n#include <oneapi/tbb.h>\n",
    "autodiff/kernels/blas.cpp": '#include <cblas.h>\nconst char* s = "exit(1) stderr";\nint n = 1\'000\'000;\n',
    "autodiff/kernels_x86.cpp": "#include <immintrin.h>\n",
    "nn/linear.h": '#pragma once\n#include "../autodiff/tape.h"\n',
    "autodiff/kernels/api.h": "#pragma once\n#define RECVAE_API\n",
    "data/csr.h": '#pragma once\n#include "../autodiff/kernels/api.h"\n'
                  "#include <vector>\nvoid sprint(); // fprintf(stderr)\n",
    "data/csr.cpp": '#include "csr.h"\n#include <cstdio>\nvoid f() { char b[9]; std::snprintf(b, 9, "%s", R"(abort())"); }\n',
    "recvae/model.h": '#pragma once\n#include "../nn/linear.h"\n#include "../data/csr.h"\n',
    "recvae/model.cpp": '#include "recvae/model.h"\n#include "autodiff/tape.h"\n',
    "tools/train.cpp": '#include <iostream>\n#include "recvae/model.h"\nint main() { std::cout << 1; exit(0); }\n',
    "tests/data/csr_test.cpp": '#include "data/csr.h"\n',
}
BROKEN = [  # rule, file, text
    ("layers", "autodiff/bad.h", '#include "../nn/linear.h"\n'),
    ("layers", "autodiff/bad.cpp", '#include "nn/linear.h"\n'),
    ("layers", "autodiff/ops/bad.h", '#include "../../data/csr.h"\n'),
    ("layers", "nn/bad.cpp", '#include "recvae/model.h"\n'),
    ("layers", "nn/bad.cpp", "#include <data/csr.h>\n"),
    ("layers", "data/bad.cpp", '  #  include "autodiff/tape.h"\n'),
    ("layers", "recvae/bad.cpp", '#include "tools/command_line.h"\n'),
    ("layers", "tools/bad.cpp", '#include "tests/support/tree.h"\n'),
    ("tbb", "nn/bad.cpp", "#include <tbb/parallel_for.h>\n"),
    ("tbb", "tools/bad.cpp", "#include <oneapi/tbb/info.h>\n"),
    ("cblas", "autodiff/bad.cpp", "#include <cblas.h>\n"),
    ("cblas", "tests/bad.cpp", "#include <openblas/cblas.h>\n"),
    ("intrinsics", "autodiff/bad.h", "#include <immintrin.h>\n"),
    ("intrinsics", "recvae/bad.cpp", "#include <x86intrin.h>\n"),
    ("iostream", "data/bad.cpp", "#include <iostream>\n"),
    ("prints", "nn/bad.cpp", 'void f() { printf("x"); }\n'),
    ("prints", "data/bad.cpp", 'void f() { std::fprintf (file, "x"); }\n'),
    ("prints", "recvae/bad.cpp", "auto* f = stderr;\n"),
    ("exits", "autodiff/bad.cpp", "void f() { std::abort(); }\n"),
    ("exits", "data/bad.cpp", "void f() { exit(1); }\n"),
    ("environment", "recvae/bad.cpp", 'auto* home = std::getenv("HOME");\n'),
    ("thread-local", "autodiff/bad.h", "static thread_local int depth;\n"),
    ("relative", "nn/bad.h", '#include "autodiff/tape.h"\n'),
    ("relative", "autodiff/ops/bad.h", '#include "tape.h"\n'),
    ("relative", "recvae/bad.h", "#include <nn/linear.h>\n"),
    ("using-namespace", "data/bad.h", "using namespace std;\n"),
    ("long-function", "nn/bad.cpp", "void f() {\n" + "  g();\n" * 79 + "}\n"),
    ("long-function", "nn/bad.h", "class A {\n  void f(int a,\n         int b) {\n" + "    g();\n" * 79 + "  }\n};\n"),
    ("top-level", "junk.txt", ""),
    ("top-level", "src/main.cpp", ""),
]


def self_test():
    def violations(extra):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**CLEAN, **extra}.items():
                file = Path(folder, name)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            return list(check_tree(Path(folder)))

    def check_full_folder():
        return violations({f"data/split/part{k}.h": "#pragma once\n" for k in range(MOST_FILES + 1)})

    wrong = [f"a clean tree is refused: {v}" for v in violations({})]
    for rule, name, text in BROKEN:
        found = violations({name: text})
        if [v[2] for v in found] != [rule]:
            wrong.append(f"expected one [{rule}] for {name} with {text!r}, got {found}")
    found = [v[2] for v in check_full_folder()]
    if found != ["full-folder"]:
        wrong.append(f"expected one [full-folder] for 26 files, got {found}")
    untested = ({rule for rule, *_ in FORBIDDEN + RESERVED_HEADERS} | {FORBIDDEN_INCLUDE[0]}) - {rule for rule, *_ in BROKEN}
    wrong += [f"no self-test breaks [{rule}]" for rule in untested]
    print("\n".join(wrong) or f"{len(BROKEN)} violations, each caught")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    found = list(check_tree(Path(sys.argv[1])))
    for path, number, rule, what in found:
        print(f"{path}:{number}: [{rule}] {what}")
    return 1 if found else 0


sys.exit(main())
