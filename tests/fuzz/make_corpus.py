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
    yield "weights/many_keys", safetensors({f"k{k}": empty for k in range(40_000)})
    for name, metrics, topk in ("different", ["ndcg", "recall"] * 6, list(range(1, 11_001))), ("equal", ["ndcg"] * 20_000, [5] * 20_000):
        crossed = json.dumps({"metrics": metrics, "topk": topk})
        yield f"options/crossed_{name}", crossed.encode()
        yield f"weights/crossed_{name}", safetensors(metadata(settings=crossed))
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
    # Requests: long lines of either kind, deep ones, many keys.
    yield "histories/long_line", b"\t".join([b"1"] * 1_000_000)
    yield "histories/long_list", b'{"items": [' + b",".join([b'"1"'] * 500_000) + b"]}"
    yield "histories/long_token", b'{"user": "' + b"u" * 1_000_000 + b'", "items": ["' + b"i" * 1_000_000 + b'"]}'
    yield "histories/nested", b'{"items": ' + b"[" * 80_000 + b"]" * 80_000 + b"}"
    yield "histories/nested_key", b'{"a": ' * 80_000 + b"1" + b"}" * 80_000
    yield "histories/many_keys", b"{" + b",".join(b'"k%d": 1' % k for k in range(100_000)) + b"}"
    yield "histories/unknown", b"\n".join(b"x%d\ty" % k for k in range(50_000))
    yield "arguments/nested", b'{"ratios": ' + b"[" * 80_000 + b"\n--epochs\n1\n"
    yield "arguments/long_list", b"\n--topk\n[" + b"1," * 200_000 + b"1]\n"
    yield "arguments/long_name", b"\n--" + b"e" * 1_000_000 + b"\n1\n"
    # Settings: nested, wide, many, long, doubled by aliases.
    for name, one in ("list", b"["), ("map", b"{"), ("item", b"- "), ("key", b"? "), ("pair", b"{a: "):
        yield f"config/nested_{name}", b"a: " * (one in b"[{") + one * 200_000
    yield "config/aliases", b"a0: &a0 [x]\n" + b"".join(b"a%d: &a%d [*a%d, *a%d]\n" % (k, k, k - 1, k - 1) for k in range(1, 100))
    yield "config/long_list", b"topk: [" + b"1, " * 300_000 + b"1]\n"
    yield "config/many_keys", b"".join(b"k%d: 1\n" % k for k in range(8_000))
    yield "config/long_key", b"k" * 1_000_000 + b": 1\n"
    yield "config/long_text", b"data: '" + b"x''" * 300_000 + b"'\n"
    yield "config/large", b"# x\n" * 1_000_000
    yield "params/many_values", b"beta choice [" + b",".join(b"%d" % k for k in range(200_000)) + b"]\n"
    yield "params/long_name", b"k" * 1_000_000 + b" choice [1]\n"
    yield "params/long_value", b"init choice [" + b"x" * 1_000_000 + b"]\n"
    yield "params/nested", b"beta choice " + b"[" * 500_000 + b"]" * 500_000 + b"\n"
    yield "data/bomb_depends", b"dumpavail\n" + gzip.compress(b"Package: a\nDepends: b\n" + b" ,c" * 8_000_000 + b"\n" + b" d" * 4_000_000, mtime=0)
    yield "data/bomb_row", b"adjacency\n" + gzip.compress(b"1" + b" 2" * 1_000_000, mtime=0)


for name, content in inputs():
    file = Path(sys.argv[1], name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
