"""The pages of reports, as a browser reads them: well-formed, alone, and without markup out of names.

  python3 pages_test.py WRITE_PAGES     the program that writes them
"""
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

WRITE_PAGES = sys.argv.pop(1)
HOSTILE = "<script>alert(\"1\")</script>' onload='x&amp;\ufffd\ufffd"
ELEMENTS = set("html head meta title style body header h1 h2 h3 nav main section article footer div span p a strong small pre code table thead tbody "
               "tr th td ul ol li dl dt dd details summary figure figcaption svg text line polyline circle rect".split())
ATTRIBUTES = set("lang charset name content id class style href scope tabindex role aria-label aria-labelledby aria-hidden viewBox x y x1 y1 x2 y2 cx cy "
                 "r width height points text-anchor".split())


class Reader(HTMLParser):
    """Elements and attributes as HTML, not XML, has them; and whether they close in order."""
    def __init__(self, html):
        super().__init__()
        self.open, self.names, self.attributes, self.broken = [], set(), set(), []
        self.feed(html)
        self.broken += self.open

    def handle_starttag(self, tag, attributes):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attributes}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag != "meta" and (not self.open or self.open.pop() != tag):
            self.broken.append(tag)


class PagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([WRITE_PAGES, folder], check=True)
            cls.pages = {file.stem: file.read_bytes().decode("utf-8") for file in Path(folder).iterdir()}

    def each(self):
        self.assertEqual(len(self.pages), 7)
        for name, html in self.pages.items():
            with self.subTest(page=name):
                yield html, ElementTree.fromstring(html.removeprefix("<!DOCTYPE html>"))

    def test_well_formed(self):
        for html, tree in self.each():
            reader = Reader(html)
            self.assertEqual(reader.broken, [])
            self.assertEqual(reader.names - ELEMENTS, set())
            self.assertEqual(reader.attributes - {name.lower() for name in ATTRIBUTES}, set())
            self.assertEqual({element.tag for element in tree.iter()} - ELEMENTS, set())
            ids = [element.get("id") for element in tree.iter() if element.get("id")]
            self.assertEqual(len(ids), len(set(ids)))
            for link in tree.iter("a"):
                self.assertIn(link.get("href").removeprefix("#"), ids)

    def test_needs_nothing(self):
        for html, tree in self.each():
            self.assertNotRegex(html, r"(?i)https?:|\bsrc\s*=|@import|url\s*\(|<link|<script|<iframe|javascript:")

    def test_names_are_text(self):
        tree = ElementTree.fromstring(self.pages["everything"].removeprefix("<!DOCTYPE html>"))
        self.assertEqual(tree.find("head/title").text, "RecVAE on " + HOSTILE)
        self.assertIn("✓ " + HOSTILE, [item.text for item in tree.iter("li")])

    def test_drawings(self):
        """Every chart has a name and its numbers are numbers within it."""
        for _, tree in self.each():
            for svg in tree.iter("svg"):
                self.assertTrue(svg.get("aria-hidden") or svg.get("aria-label") and svg.find("title").text)
                _, _, width, height = map(float, svg.get("viewBox").split())
                for shape in svg.iter():
                    for names, most in (("x x1 x2 cx", width), ("y y1 y2 cy", height)):
                        for value in (shape.get(name) for name in names.split()):
                            self.assertTrue(value is None or -1 <= float(value) <= most + 1, (shape.tag, shape.attrib))
                    for point in shape.get("points", "").split():
                        x, y = map(float, point.split(","))
                        self.assertTrue(0 <= x <= width and 0 <= y <= height)

    def test_size(self):
        """Thousands of epochs stay one page that opens at once."""
        self.assertLess(len(self.pages["many-epochs"]), 600_000)

    def test_both_schemes_have_all_colours(self):
        style = re.search(r"<style>(.*?)</style>", self.pages["nothing"], re.S).group(1)
        light, dark = (set(re.findall(r"(--[\w-]+):", block)) for block in re.findall(r":root \{(.*?)\}", style, re.S)[:2])
        self.assertEqual(light, dark)
        self.assertEqual(set(re.findall(r"var\((--[\w-]+)\)", style)) - light, set())

    def test_contrast(self):
        """WCAG's 4.5 for text, 3 for lines and bars, in both schemes."""
        style = re.search(r"<style>(.*?)</style>", self.pages["nothing"], re.S).group(1)

        def luminance(colour):
            channels = (int(colour[k:k + 2], 16) / 255 for k in (1, 3, 5))
            linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055)**2.4 for c in channels]
            return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

        def contrast(a, b):
            low, high = sorted((luminance(a), luminance(b)))
            return (high + 0.05) / (low + 0.05)

        for block in re.findall(r":root \{(.*?)\}", style, re.S)[:2]:
            colour = dict(re.findall(r"(--[\w-]+): (#\w{6});", block))
            pairs = [(name, ground, 4.5) for name in ("--text", "--faint", "--accent") for ground in ("--page", "--card", "--accent-soft")]
            pairs += [("--good", "--good-soft", 4.5), ("--good", "--card", 3), ("--text", "--warn-soft", 4.5)]
            pairs += [(name, "--card", 3) for name in ("--s0", "--s1", "--s2", "--s3", "--s4", "--s5", "--other")]
            for name, ground, least in pairs:
                self.assertGreaterEqual(contrast(colour[name], colour[ground]), least, (name, ground))


if __name__ == "__main__":
    unittest.main()
