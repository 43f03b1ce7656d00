#!/usr/bin/env python3
"""recvae_recommend. Run as support.py says."""
import json
import os
import select
import subprocess
import unittest

from support import HELD_OUT, ROWS, TIMEOUT, TOOLS, CommandsTest


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
        self.assertEqual(json.loads(stdout), {"line": 1, "user": "ann", "items": [list(pair) for pair in found]})

    def test_whole_catalogue_and_seen_items(self):
        everything, _ = self.recommend("--topk", 1000)
        self.assertEqual(len(everything), 38)
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
        names = self.put("names.tsv", f"{item}\tThe best one\nother\tno item\n")
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
            self.bad(2, "recvae_recommend", "--model", self.model, "--data", self.table, f"--{option}", 1, names=f"unknown option --{option}")
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
        for line in ('{"user": 1, "items": ["101"\n', '{"user": 1, "items": 7}\n', '{"user": 1}\n', "101\t1\x0002\n"):
            self.bad(1, "recvae_recommend", "--model", self.model, stdin="101\n" + line, names="standard input:2")
        self.bad(2, "recvae_recommend", "--model", self.model, "--topk", 0, names="topk")
        self.bad(2, "recvae_recommend", "--model", self.model, "--format", "xml", names="xml")
        self.bad(1, "recvae_recommend", "--model", self.home / "none.safetensors", names="none.safetensors")


if __name__ == "__main__":
    unittest.main()
