#!/usr/bin/env python3
"""Checks what the compiler cannot: the arrows between the rooms, the seam, and the notes.

Prints one line per finding and exits 1 if there is any.
  arrow   an include that points to the right or sideways (docs/architecture.md)
  seam    the machine touched outside tern/platform
  note    a TODO without an issue number
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What each room may include, besides itself.
LEFT_OF = {}
_line = ["base", "platform", "memory", "wire", "logbuffer"]
for i, room in enumerate(_line):
    LEFT_OF[room] = set(_line[:i])
LEFT_OF["driver"] = set(_line)
LEFT_OF["client"] = set(_line)
LEFT_OF["archive"] = set(_line) | {"client"}
LEFT_OF["cluster"] = LEFT_OF["archive"] | {"archive"}
LEFT_OF["node"] = LEFT_OF["cluster"] | {"cluster", "driver"}
LEFT_OF["tools"] = LEFT_OF["node"] | {"node"}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
MACHINE = re.compile(
    r"(?<![\w.>])(?:::)(socket|bind|open|close|read|write|mmap|munmap|send|recv|fork|kill|usleep)\s*\("
    r"|\b(clock_gettime|gettimeofday|getenv|rand|srand|nanosleep|usleep|sleep)\s*\("
    r"|\bstd::this_thread\b|\bstd::j?thread\b|\bstd::random_device\b"
    r"|\bstd::chrono::(?:system|steady|high_resolution)_clock\b"
    r"|#\s*include\s+<(?:sys/socket|sys/mman|sys/stat|fcntl|unistd|thread|random|fstream)(?:\.h)?>"
)
NOTE = re.compile(r"\b(TODO|FIXME|XXX)\b(?!.*#\d+)")


def findings(path: pathlib.Path):
    relative = path.relative_to(ROOT)
    room = relative.parts[1]
    is_test = path.name.endswith("_test.cpp") or "testing" in relative.parts
    for number, line in enumerate(path.read_text().splitlines(), 1):
        where = f"{relative}:{number}"
        include = INCLUDE.match(line)
        if include:
            target = include.group(1).split("/")
            if target[0] != "tern":
                yield f"{where}: arrow: include as \"tern/<room>/<file>.hpp\", not {include.group(1)}"
            elif target[1] != room and target[1] not in LEFT_OF[room] and not is_test:
                yield f"{where}: arrow: {room} may not include {target[1]}"
        code = line.split("//", 1)[0]
        if room != "platform" and not is_test and MACHINE.search(code):
            yield f"{where}: seam: only tern/platform talks to the machine: {code.strip()}"
        if NOTE.search(line):
            yield f"{where}: note: a note without an issue number"


def main() -> int:
    found = [
        finding
        for path in sorted((ROOT / "tern").rglob("*"))
        if path.suffix in (".hpp", ".cpp")
        for finding in findings(path)
    ]
    print("\n".join(found) if found else "lint: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
