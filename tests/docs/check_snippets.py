#!/usr/bin/env python3
"""Compiles and runs the C++ of the documentation: each ```cpp block of README.md, ARCHITECTURE.md, CONTRIBUTING.md and
tools/docs/pages/.

  check_snippets.py ROOT BUILD [--keep DIR] [PAGE]... -- COMPILER...
  check_snippets.py --self-test

The blocks of a page are one program, in their order: those of one section (a `## heading`) share a scope. A block with
`int main(` is a program of its own. Comments of the page, which no reader sees, say more:

  <!-- cpp: file -->           the next block stands at file scope, before main
  <!-- cpp: namespace a::b --> likewise, in this namespace
  <!-- cpp                     code that is only compiled, at this place; `cpp: file` and so on as above
  ... -->
  <!-- output -->              the next block, of any kind, is what the page's program has printed since the one before

Programs exit with 0. `expect(condition)` ends one that is wrong.
"""
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PRELUDE = """\
#include <cstdio>
#include "autodiff/autodiff.h"
#include "nn/nn.h"
#define expect(...) if (!(__VA_ARGS__)) return std::fprintf(stderr, "%s:%d: not so: %s\\n", __FILE__, __LINE__, #__VA_ARGS__), 1
"""
FLAGS = ["-std=c++20", "-O0", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable", "-Wno-unused-but-set-variable"]
PART = re.compile(
    r"^<!-- cpp(?:: (?P<scope>[^\n]*?))?(?:\n(?P<hidden>.*?))? ?-->$"
    r"|^<!-- (?P<output>output) -->$"
    r"|^```(?P<language>\w*)\n(?P<block>.*?)^```$"
    r"|^@dot\n(?P<graph>.*?)^@enddot$"
    r"|^## (?P<heading>.*?)$", re.DOTALL | re.MULTILINE)


class Page:
    def __init__(self, path, name):
        self.name, self.includes, self.file, self.main = name, [], [], []
        self.programs, self.outputs, self.blocks = [], [], 0
        text = path.read_text(encoding="utf-8")
        scope, output = None, False
        for part in PART.finditer(text):
            line = text.count("\n", 0, part.start()) + 2  # of what follows the part's first line
            code, visible = part["hidden"], part["block"]
            if part["heading"] is not None:
                self.main.append("}\n{\n")
            elif part["output"]:
                output = True
            elif output and (visible is not None or part["graph"] is not None):
                self.outputs.append(visible or part["graph"])
                output = False
            elif part["language"] == "cpp":
                self.blocks += 1
                self.add(visible, line, scope)
                scope = None
            elif code is not None:
                self.add(code + "\n", line, part["scope"])
            elif part["language"] is None:
                scope = part["scope"]
        if output or scope:
            sys.exit(f"{name}: a comment at the end says something of a block that is not there")

    def add(self, code, line, scope):
        here = f'#line {line} "{self.name}"\n'
        if re.search(r"^int main\(", code, re.MULTILINE):
            self.programs.append(here + code)
            return
        self.includes += re.findall(r"^#include.*\n", code, re.MULTILINE)
        code = here + re.sub(r"^#include.*", "", code, flags=re.MULTILINE)
        if scope is None:
            self.main.append(code)
        elif scope == "file":
            self.file.append(code)
        elif scope.startswith("namespace "):
            self.file.append(f"{scope} {{\n{code}}}\n")
        else:
            sys.exit(f"{self.name}:{line}: what is `cpp: {scope}`?")

    def sources(self):
        """(program, what it prints or None) of all that is to be compiled."""
        if any(self.main) or self.file:
            text = "".join(self.includes) + PRELUDE + "".join(self.file)
            last = "return 0;\n"
            if "TEST_CASE(" in text:
                text = "#define DOCTEST_CONFIG_IMPLEMENT\n#include <iostream>\n" + text
                last = "doctest::Context tests;\ntests.setCout(&std::cerr);  // not what the page prints\nreturn tests.run();\n"
            main = "".join(self.main)
            if self.blocks > len(self.programs):
                yield f"{text}\nint main() {{\n{{\n{main}}}\n{last}}}\n", "".join(self.outputs) or None
        for program in self.programs:
            yield program, None


def build_and_run(name, source, output, folder, command):
    """What is wrong with it, or an empty text."""
    stem = re.sub(r"\W", "_", name)
    file, binary = folder / f"{stem}.cpp", folder / stem
    file.write_text(source, encoding="utf-8")
    compiler, libraries = command
    run = subprocess.run([*compiler, *FLAGS, str(file), "-o", str(binary), *libraries], capture_output=True, text=True)
    if run.returncode:
        return f"{name} does not compile:\n{run.stderr}"
    run = subprocess.run([str(binary)], capture_output=True, text=True, cwd=folder, timeout=240)
    if run.returncode:
        return f"{name}: exit {run.returncode}\n{run.stdout}{run.stderr}"
    if output is not None and run.stdout != output:
        return f"{name}: the page says that it prints\n{output}but it prints\n{run.stdout}"
    return ""


def check(root, files, folder, command):
    pages = [Page(file, file.relative_to(root).as_posix()) for file in files]
    jobs = [(f"{page.name} {k}" if k else page.name, source, output)
            for page in pages for k, (source, output) in enumerate(page.sources())]
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        wrong = [w for w in pool.map(lambda job: build_and_run(*job, folder, command), jobs) if w]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(f"{sum(page.blocks for page in pages)} blocks of {len(pages)} pages, {len(jobs)} programs, {len(wrong)} wrong")
    return not wrong and bool(jobs)


def self_test():
    """A sound page passes; a page that does not compile, fails when it runs, or prints something else does not."""
    compiler = os.environ.get("CXX", "c++").split()
    globals()["PRELUDE"] = re.sub('#include "[^\n]*', "", PRELUDE)  # no library
    sound = ("<!-- cpp: namespace a::b -->\n```cpp\n#include <cmath>\nint two() { return 2; }\n```\n## One\n<!-- cpp\nint n = a::b::two();\n-->\n"
             "```cpp\nstd::printf(\"%d\\n\", n);\nexpect(n == 2);\n```\n<!-- output -->\n```text\n2\n```\n## Two\n```cpp\nint n = 3;\n```\n"
             "```cpp\nint main() { return 0; }\n```\n")
    cases = {"sound": sound, "syntax": sound.replace("int n = 3;", "int n = ;"), "prints": sound.replace("text\n2", "text\n3"),
             "expects": sound.replace("n == 2", "n == 3"), "exits": sound.replace("return 0", "return 1")}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in cases.items():
            page = Path(folder, f"{name}.md")
            page.write_text(text, encoding="utf-8")
            print(f"{name}:")
            if check(Path(folder), [page], Path(folder), (compiler, [])) != (name == "sound"):
                sys.exit(f"self-test: the page '{name}' was judged wrongly")


def main(arguments, compiler):
    root, build, *rest = arguments
    root, keep = Path(root).resolve(), None
    if rest[:1] == ["--keep"]:
        keep, rest = rest[1], rest[2:]
    files = [root / page for page in rest] or [*(root / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING")),
                                                *sorted((root / "tools/docs/pages").glob("*.md"))]
    # What Meson says of the libraries that it has built, before they are installed.
    environment = {**os.environ, "PKG_CONFIG_PATH": str(Path(build, "meson-uninstalled"))}
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "recvae-nn"], env=environment, capture_output=True, text=True, check=True)
    libraries = [*flags.stdout.split(), f"-I{root}", f"-Wl,-rpath,{Path(build, 'nn')}:{Path(build, 'autodiff')}"]
    with tempfile.TemporaryDirectory() as folder:
        if keep:
            Path(keep).mkdir(parents=True, exist_ok=True)
        return check(root, files, Path(keep or folder).resolve(), (compiler, libraries))


if sys.argv[1:] == ["--self-test"]:
    self_test()
else:
    at = sys.argv.index("--")
    sys.exit(not main(sys.argv[1:at], sys.argv[at + 1:]))
