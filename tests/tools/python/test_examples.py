"""The examples do what they say."""
import json
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from support import Case, tastes, write_ratings

EXAMPLES = Path(__file__).resolve().parents[3] / "tools/python/examples"
try:
    import sklearn
except ImportError:
    sklearn = None


class Examples(Case):
    def setUp(self):
        super().setUp()
        write_ratings(self.folder / "ratings.csv", tastes())

    def start(self, example, *arguments):
        return subprocess.Popen([sys.executable, EXAMPLES / example, "ratings.csv", *map(str, arguments)], cwd=self.folder,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def test_csv_to_top20(self):
        process = self.start("csv_to_top20.py", "--epochs", 2)
        said, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, errors)
        self.assertIn("ndcg@20: RecVAE", said)
        lists = [json.loads(line) for line in (self.folder / "top20/top20.jsonl").read_text().splitlines()]
        self.assertEqual(len(lists), 400)
        self.assertEqual({len(found["items"]) for found in lists}, {20})

    def test_serving(self):
        process = self.start("csv_to_top20.py", "--epochs", 1, "--serve", 18_765)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        for _ in range(300):
            try:
                with urllib.request.urlopen("http://localhost:18765/1007") as answer:
                    self.assertEqual(len(json.load(answer)["items"]), 20)
                    return
            except urllib.error.URLError:
                self.assertIsNone(process.poll())
                time.sleep(0.1)
        self.fail("no answer")

    @unittest.skipUnless(sklearn, "no scikit-learn")
    def test_search(self):
        process = self.start("search.py", "--tries", 2, "--epochs", 2)
        said, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, errors)
        self.assertRegex(said, r"best: RecVAE\(.*\)\nndcg@100: 0\.\d+ \(0\.\d+ to 0\.\d+\)")


if __name__ == "__main__":
    unittest.main()
