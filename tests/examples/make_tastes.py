#!/usr/bin/env python3
"""Interactions in closed form: users and items lie on a circle, and a user rates 20 items near to it, popular ones rather.

  make_tastes.py FILE.csv
"""
import math
import random
import sys

USERS, ITEMS = 600, 400
draw = random.Random(1)
place = [draw.random() for _ in range(ITEMS)]
with open(sys.argv[1], "w") as file:
    file.write("user,item\n")
    for user in range(USERS):
        own = draw.random()

        def rank(item):  # the distance on the circle, the item's popularity, and chance
            distance = abs(place[item] - own)
            return min(distance, 1 - distance) + 0.02 * math.log(1 + item) + 0.05 * draw.random()

        for item in sorted(range(ITEMS), key=rank)[:20]:
            file.write(f"u{user},i{item}\n")
