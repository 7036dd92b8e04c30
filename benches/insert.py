#!/usr/bin/env python3
"""Puts text into a page, between the lines `<!-- begin NAME -->` and `<!-- end NAME -->`, in place of what stood there.

usage: insert.py FILE NAME <TEXT
"""

import sys
from pathlib import Path


def insert(file, name, text):
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    old = file.read_text() if file.exists() else f"{begin}\n{end}\n"
    before, rest = old.split(begin, 1)
    after = rest.split(end, 1)[1]
    file.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}")


if __name__ == "__main__":
    insert(Path(sys.argv[1]), sys.argv[2], sys.stdin.read())
