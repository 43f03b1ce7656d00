"""report.html of recvae_train, from outside."""
import unittest
import xml.etree.ElementTree as ElementTree

from support import CommandsTest, HELD_OUT, TABLE


class ReportTest(CommandsTest):
    def report(self, *options):
        """(text of the page, {id of a section: its element}) of a run."""
        out, stdout, _ = self.train(*options)
        html = (out / "report.html").read_text(encoding="utf-8")
        tree = ElementTree.fromstring(html.removeprefix("<!DOCTYPE html>"))
        return html, {section.get("id"): section for section in tree.iter("section")}, stdout

    def test_everything(self):
        html, sections, stdout = self.report("--data", self.table, *HELD_OUT, "--epochs", 4, "--item_names", self.put("names.txt", "100\tA <b>name</b>\n101\tAnother\n"))
        self.assertEqual(list(sections), ["curves", "results", "activity", "popularity", "examples", "data", "settings", "reproduce"])
        for line in stdout.splitlines():
            self.assertIn(line.split("\t")[1], html)
        self.assertIn("Another", html)
        self.assertNotIn("<b>", html)
        self.assertEqual(len(sections["examples"].findall(".//article")), 4)
        self.assertIn("popularity", "".join(sections["popularity"].itertext()).lower())

    def test_with_little(self):
        """Files that give train and test only and no validation; one epoch; users that are trained on; a refit."""
        rows = "".join(f"{user} {' '.join(str((user * 3 + k) % 20) for k in range(6))}\n" for user in range(30))
        self.put("parts/train.txt", rows)
        self.put("parts/test.txt", "".join(f"{user} {(user * 3 + 7) % 20}\n" for user in range(30)))
        html, sections, _ = self.report("--data", self.home / "parts", "--validation_ratio", 0)
        self.assertNotIn("Validation", html)
        self.assertIn("without validation", html)
        self.assertIn("curves", sections)
        html, _, _ = self.report("--data", self.table, "--split", "ratio", "--refit", "--epochs", 2)
        self.assertIn("RecVAE before the refit", html)

    def test_hostile_names(self):
        hostile = TABLE.replace(",100,", ",<script>alert(1)</script>,").replace(",101,", ",'&quot;onload=x,")
        html, _, _ = self.report("--data", self.put("hostile.csv", hostile), *HELD_OUT, "--epochs", 2)
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;", html)
        self.assertNotIn("<script", html)


if __name__ == "__main__":
    unittest.main()
