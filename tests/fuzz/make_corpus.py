#!/usr/bin/env python3
"""Inputs of the fuzz targets that are too large to keep: make_corpus.py FOLDER writes FOLDER/<target>/<name>."""
import gzip
import json
import struct
import sys
from pathlib import Path


def safetensors(header, data=b""):
    header = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(header)) + header + data


def metadata(**entries):
    return {"__metadata__": {key: value if isinstance(value, str) else json.dumps(value) for key, value in entries.items()}}


def inputs():
    # Depth: of the header, of a value in it, of the settings and the tokens that a string of it holds.
    for depth in (1_000, 80_000):
        yield f"weights/nested_{depth}", safetensors(b"[" * depth + b"]" * depth)
        yield f"weights/nested_value_{depth}", safetensors(b'{"a":' + b'{"a":' * depth + b"1" + b"}" * (depth + 1))
        yield f"weights/nested_open_{depth}", safetensors(b'{"a":' * depth)
        nested = "[" * depth + "]" * depth
        yield f"weights/nested_metadata_{depth}", safetensors(metadata(settings=nested, item_tokens=nested))
        yield f"options/nested_{depth}", ('{"beta":' * depth + "1" + "}" * depth).encode()
        yield f"options/nested_list_{depth}", ('{"metrics":' + nested + "}").encode()
    # Keys: many, repeated, long.
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    yield "weights/many_equal_keys", safetensors(b"{" + b",".join([b'"k":' + json.dumps(empty).encode()] * 40_000) + b"}")
    yield "weights/long_shape", safetensors({"k": {"dtype": "F32", "shape": [1] * 200_000, "data_offsets": [0, 4]}}, b"abcd")
    yield "weights/same_token_often", safetensors(metadata(item_tokens=["a"] * 100_000))
    # Lines: a wide header, a wide row, a long token, none that ends.
    yield "data/wide_header", b"table\n" + b"," * 3_000_000
    yield "data/wide_row", b"table\nuserId,movieId\n" + b"," * 3_000_000
    yield "data/quotes", b'table\nuserId,movieId\n"' + b'""' * 1_000_000 + b'",1\n'
    yield "data/open_quote", b'table\nuserId,movieId\n"' + b"x" * 1_000_000
    yield "data/long_token", b"inter\nuser_id:token\titem_id:token\n" + b"u" * 1_000_000 + b"\t1\n"
    yield "data/long_number", b"table\nuserId,movieId,rating\n1,2," + b"9" * 1_000_000 + b"\n"
    yield "data/many_rows", b"adjacency split=ratio gzip\n" + b"".join(b"%d 1 2 3\n" % u for u in range(20_000))
    yield "data/bomb", b"table\n" + gzip.compress(b"," * 16_000_000, mtime=0)
    yield "data/bomb_of_lines", b"table\n" + gzip.compress(b"userId,movieId\n" + b"\n" * 8_000_000, mtime=0)
    yield "data/bomb_row", b"adjacency\n" + gzip.compress(b"1" + b" 2" * 1_000_000, mtime=0)


for name, content in inputs():
    file = Path(sys.argv[1], name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
