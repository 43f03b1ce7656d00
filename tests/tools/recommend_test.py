#!/usr/bin/env python3
"""recvae_recommend. Run as support.py says."""
import gzip
import json
import os
import random
import select
import subprocess
import unittest

from support import HEADER, HELD_OUT, ROWS, TIMEOUT, TOOLS, CommandsTest, run


class RecommendTest(CommandsTest):
    def recommend(self, *options, stdin="101\t102\n"):
        """(item, score) of each line of TSV, and stderr"""
        stdout, stderr = self.good("recvae_recommend", "--model", self.model, *options, stdin=stdin)
        lines = [line.split("\t") for line in stdout.splitlines()]
        return [(line[2], float(line[3])) for line in lines], stderr

    def test_lines(self):
        stdout, stderr = self.good("recvae_recommend", "--model", self.model, "--topk", 3, stdin="101\t102\n\n105\r\n")
        self.assertEqual(stderr, "")
        rows = [line.split("\t") for line in stdout.splitlines()]
        self.assertEqual([row[:2] for row in rows], [[str(line), str(rank)] for line in (1, 2, 3) for rank in (1, 2, 3)])
        self.assertEqual({len(row) for row in rows}, {4})
        for k in (0, 3, 6):
            scores = [float(row[3]) for row in rows[k:k + 3]]
            self.assertEqual(scores, sorted(scores, reverse=True))
        as_json, _ = self.good("recvae_recommend", "--model", self.model, "--topk", 3, "--format", "jsonl", stdin="101\t102\n\n105\r\n")
        objects = [json.loads(line) for line in as_json.splitlines()]
        self.assertEqual([o["line"] for o in objects], [1, 2, 3])
        self.assertEqual([[item, score] for o in objects for item, score in o["items"]], [[row[2], float(row[3])] for row in rows])
        self.assertEqual(self.good("recvae_recommend", "--model", self.model, stdin="")[0], "")
        path = self.put("histories.tsv", "101\t102\n\n105\r\n")
        self.assertEqual(self.good("recvae_recommend", "--model", self.model, "--topk", 3, "--input", path)[0], stdout)

    def test_json_lines(self):
        line = '{"user": "ann", "items": ["101", "102"]}\n'
        found, _ = self.recommend("--topk", 4, stdin=line)
        self.assertEqual(found, self.recommend("--topk", 4)[0])
        self.assertEqual(found, self.recommend("--topk", 4, stdin="102\t101\t102\n")[0])
        stdout, _ = self.good("recvae_recommend", "--model", self.model, "--format", "jsonl", "--topk", 4, stdin=line)
        self.assertEqual(json.loads(stdout), {"line": 1, "user": "ann", "known": 2, "items": [list(pair) for pair in found]})

    def test_what_a_json_line_asks_for(self):
        """Each line alone, among plain ones, and with the command's own files."""
        def items(stdout):
            return [[item for item, _ in json.loads(line)["items"]] for line in stdout.splitlines()]
        def ask(*lines, options=()):
            stdin = "".join((line if isinstance(line, str) else json.dumps({"items": ["101", 102]} | line)) + "\n" for line in lines)
            return items(self.good("recvae_recommend", "--model", self.model, "--format", "jsonl", *options, stdin=stdin)[0])
        everything, = ask({"topk": 1000})
        seen, = ask({"topk": 9223372036854775807, "include_seen": True})
        self.assertEqual((len(everything), len(seen)), (38, 40))
        self.assertEqual(ask("101\t102"), [everything[:20]])
        some = everything[10:2:-1]
        cases = [({"topk": 3}, everything[:3]), ({"exclude": everything[:2] + ["101"], "topk": 4}, everything[2:6]), ({"candidates": some}, everything[3:11]),
                 ({"candidates": some + ["101"], "topk": 5, "exclude": [everything[4]]}, [everything[k] for k in (3, 5, 6, 7, 8)]),
                 ({"candidates": ["101", everything[7]], "include_seen": True}, [item for item in seen if item in ("101", everything[7])]),
                 ({"candidates": []}, []), ({"exclude": ["101"], "include_seen": True, "topk": 100}, [item for item in seen if item != "101"]),
                 ({"include_seen": False, "user": None}, everything[:20]), ("101\t102", everything[:20])]
        for line, expected in cases:
            self.assertEqual(ask(line), [expected], line)
        shuffled = random.Random(3).choices(cases, k=300)
        self.assertEqual(ask(*(line for line, _ in shuffled)), [expected for _, expected in shuffled])
        excluded, candidates = self.put("excluded.txt", "\n".join(everything[:4])), self.put("candidates.txt", "\n".join(everything[2:9]))
        both = ["--exclude", excluded, "--candidates", candidates, "--topk", 3]
        self.assertEqual(ask({}, {"exclude": [everything[5]]}, {"candidates": everything[:6]}, {"topk": 9}, options=both),
                         [everything[4:7], [everything[k] for k in (4, 6, 7)], everything[4:6], everything[4:9]])

    def test_known_items_and_separators(self):
        stdin = '101\t102\n{"items": ["101", "no", "101"]}\n\n101,102\nno\tneither\n'
        stdout, stderr = self.good("recvae_recommend", "--model", self.model, "--format", "jsonl", stdin=stdin)
        self.assertEqual([json.loads(line)["known"] for line in stdout.splitlines()], [2, 1, 0, 0, 0])
        self.assertRegex(stderr, r"^warning: 4 unknown items .*; of line 4 none is known: tabs separate the items\n$")
        self.assertNotIn("tabs", self.recommend(stdin="101\tno\n")[1])
        self.assertNotIn("tabs", self.recommend(stdin='{"items": ["no"]}\n\n')[1])
        stdout, _ = self.good("recvae_recommend", "--model", self.model, "--format", "jsonl", "--data", self.table)
        self.assertEqual({o["user"]: o["known"] for o in map(json.loads, stdout.splitlines())},
                         {str(user): sum(row[0] == user for row in ROWS) for user, *_ in ROWS})

    def test_bytes_of_lines(self):
        """A byte-order mark, gzip, a file; a line of many tokens in linear time, a deep one without a crash."""
        expected = self.good("recvae_recommend", "--model", self.model, stdin="101\t102\n103\n")[0]
        for stdin in ("\ufeff101\t102\n103\n".encode(), gzip.compress(b"101\t102\r\n103"), b"101\t102\n103"):
            self.assertEqual(self.good("recvae_recommend", "--model", self.model, stdin=stdin)[0], expected)
            self.assertEqual(self.good("recvae_recommend", "--model", self.model, "--input", self.put("lines", stdin))[0], expected)
        long = b"101\t" * 4_000_000
        self.assertEqual(self.good("recvae_recommend", "--model", self.model, stdin=long)[0], self.good("recvae_recommend", "--model", self.model, stdin="101")[0])
        for deep in ("[" * 100_000, '{"a":' * 100_000, '{"items": ' + "[" * 100_000, '{"items": [' + '{"items":' * 100_000):
            if deep.startswith("{"):
                self.bad(1, "recvae_recommend", "--model", self.model, stdin=deep, names="standard input:1: expected")
            else:
                self.assertIn("unknown", self.recommend(stdin=deep)[1])  # a token

    def test_whole_catalogue_and_seen_items(self):
        everything, _ = self.recommend("--topk", 1000)
        self.assertEqual(len(everything), 38)
        self.assertEqual(self.recommend("--topk", 9223372036854775807)[0], everything)
        self.assertFalse({"101", "102"} & {item for item, _ in everything})
        seen, _ = self.recommend("--topk", 1000, "--include_seen")
        self.assertEqual(len(seen), 40)
        self.assertEqual([pair for pair in seen if pair[0] not in ("101", "102")], everything)

    def test_exclude_and_candidates(self):
        everything, _ = self.recommend("--topk", 1000)
        barred = [item for item, _ in everything[:3]]
        listed = self.put("items.txt", "".join(item + "\r\n" for item in barred))
        self.assertEqual(self.recommend("--topk", 5, "--exclude", listed)[0], everything[3:8])
        self.assertEqual(self.recommend("--topk", 5, "--candidates", listed)[0], everything[:3])
        self.assertEqual(self.recommend("--topk", 5, "--candidates", listed, "--exclude", listed)[0], [])
        for option in ("--exclude", "--candidates", "--item_names", "--input"):
            self.bad(1, "recvae_recommend", "--model", self.model, option, self.home / "none.txt", names="none.txt", stdin="101\n")
            self.bad(1, "recvae_recommend", "--model", self.model, option, self.home, stdin="101\n")

    def test_item_names(self):
        item, _ = self.recommend("--topk", 1)[0][0]
        names = self.put("names.tsv", f"{item}\tThe best one\tits genre\nother\tno item\n")
        stdout, _ = self.good("recvae_recommend", "--model", self.model, "--topk", 2, "--item_names", names, stdin="101\t102\n")
        first, second = (line.split("\t") for line in stdout.splitlines())
        self.assertEqual((first[2], first[4:]), (item, ["The best one"]))
        self.assertEqual(second[4:], [])

    def test_unknown_items(self):
        found, stderr = self.recommend("--topk", 4, stdin="101\tnone-such\t102\tnone-such\tother\n")
        self.assertEqual(found, self.recommend("--topk", 4)[0])
        warnings = [line for line in stderr.splitlines() if "unknown" in line]
        self.assertEqual(len(warnings), 1)
        self.assertRegex(warnings[0], r"3 unknown.*none-such.*other")
        self.assertEqual(self.recommend("--topk", 4, stdin="none-such\n")[0], self.recommend("--topk", 4, stdin="\n")[0])

    def test_users_of_data(self):
        stdout, _ = self.good("recvae_recommend", "--model", self.model, "--data", self.table, "--topk", 3)
        rows = [line.split("\t") for line in stdout.splitlines()]
        users = list(dict.fromkeys(str(user) for user, *_ in ROWS))
        self.assertEqual([row[0] for row in rows[::3]], users)
        items = "\t".join(str(item) for user, item, *_ in ROWS if str(user) == users[5])
        self.assertEqual([(row[2], float(row[3])) for row in rows[15:18]], self.recommend("--topk", 3, stdin=items)[0])
        as_json, _ = self.good("recvae_recommend", "--model", self.model, "--data", self.prepared, "--topk", 3, "--format", "jsonl")
        objects = {o["user"]: [item for item, _ in o["items"]] for o in map(json.loads, as_json.splitlines())}
        self.assertEqual(set(objects), set(users))
        self.assertEqual(objects[users[5]], [row[2] for row in rows[15:18]])
        self.bad(2, "recvae_recommend", "--model", self.model, "--data", self.table, "--input", self.table)
        for option in ("split", "heldout_users", "split_seed", "validation_ratio"):  # all users, whatever the split
            self.bad(2, "recvae_recommend", "--model", self.model, "--data", self.table, f"--{option}", 1, names=f"unknown option '--{option}'")
        # The model's filters hold for its users unless others are given.
        filters = ["--threshold", "2.5", "--min_items_per_user", 9]
        out, _, _ = self.train("--data", self.table, *HELD_OUT, *filters, "--split_seed", 5)
        answer = lambda *more: self.good("recvae_recommend", "--model", out / "model.safetensors", "--data", self.table, *more)[0]
        self.assertEqual(answer(), answer(*filters))
        self.assertNotEqual(answer(), answer("--threshold", "none"))
        self.assertEqual(set(line.split("\t")[0] for line in answer().splitlines()), set(users))

    def test_streaming(self):
        process = subprocess.Popen([TOOLS / "recvae_recommend", "--model", self.model, "--topk", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        answer = b""
        for line in (1, 2):
            process.stdin.write(b"101\t102\n")
            process.stdin.flush()
            while answer.count(b"\n") < 2 * line:
                readable, _, _ = select.select([process.stdout], [], [], TIMEOUT)
                self.assertTrue(readable, "no answer while the pipe is open")
                block = os.read(process.stdout.fileno(), 4096)
                self.assertTrue(block, "the command has ended")
                answer += block
        process.stdin.close()
        self.assertEqual(process.stdout.read(), b"")
        process.stdout.close()
        self.assertEqual(process.wait(TIMEOUT), 0)
        self.assertEqual([line.split(b"\t")[:2] for line in answer.splitlines()], [[b"1", b"1"], [b"1", b"2"], [b"2", b"1"], [b"2", b"2"]])

    def test_bad_input(self):
        line = {"key 'tokp'": '{"items": ["101"], "tokp": 2}', "key 'items' twice": '{"items": [], "items": []}', "'0' as topk": '{"items": [], "topk": 0}', "'-3' as topk": '{"items": [], "topk": -3}',
                "'1e30' as topk": '{"items": [], "topk": 1e30}', "'2.0' as topk": '{"items": [], "topk": 2.0}', "'true' as topk": '{"items": [], "topk": true}', "'7' as topk": '{"items": [], "topk": "7"}',
                "'99999999999999999999' as topk": '{"items": [], "topk": 99999999999999999999}', "'1' as include_seen": '{"items": [], "include_seen": 1}', "'101' as exclude": '{"items": [], "exclude": "101"}',
                "null in candidates": '{"items": [], "candidates": [null]}', "a list in candidates": '{"items": [], "candidates": [[]]}', "1.5 in items": '{"items": [1.5]}', "a list in user": '{"items": [], "user": []}',
                "an object as user": '{"items": [], "user": {}}', "an object as items": '{"items": [{}]}', "found '{\"items\": []} {}'": '{"items": []} {}', "found '{}'": "{}", "found '{'": "{"}
        for found, text in line.items():
            self.bad(1, "recvae_recommend", "--model", self.model, stdin=f"101\n\n{text}\n", names=found)
            self.bad(1, "recvae_recommend", "--model", self.model, stdin=f"101\n\n{text}\n", names="standard input:3: expected an object of user, items")
        code, stdout, _ = run("recvae_recommend", "--model", self.model, "--topk", 1, stdin="101\n102\n{}\n103\n")
        self.assertEqual((code, [row.split("\t")[0] for row in stdout.splitlines()]), (1, ["1", "2"]))  # those before it are answered
        _, _, stderr = run("recvae_recommend", "--model", self.model, stdin="no-such\n{}\n")
        self.assertRegex(stderr, r"(?s)1 unknown items were skipped, such as 'no-such'.*\nrecvae_recommend: standard input:2: [^\n]*\n$")
        tabs = self.put("tabs.csv", HEADER + 'a\tb,101,5,1\n')
        self.bad(1, "recvae_recommend", "--model", self.model, "--data", tabs, names="tabs")
        self.assertIn('"a\\tb"', self.good("recvae_recommend", "--model", self.model, "--data", tabs, "--format", "jsonl")[0])
        self.bad(1, "recvae_recommend", "--model", self.model, "--item_names", self.put("bad-names", "1\tx\n2\n"), stdin="101\n", names="bad-names:2: expected token<TAB>name")
        for line in ('{"user": 1, "items": ["101"\n', '{"user": 1, "items": 7}\n', '{"user": 1}\n', "101\t1\x0002\n"):
            self.bad(1, "recvae_recommend", "--model", self.model, stdin="101\n" + line, names="standard input:2")
        self.bad(2, "recvae_recommend", "--model", self.model, "--topk", 0, names="topk")
        self.bad(2, "recvae_recommend", "--model", self.model, "--format", "xml", names="xml")
        self.bad(1, "recvae_recommend", "--model", self.home / "none.safetensors", names="none.safetensors")


if __name__ == "__main__":
    unittest.main()
