#!/usr/bin/env python3
"""Packs a file of MNIST's images as src/data/packed.rs unpacks it: pack.py IDX.gz FILE

Most pixels are background, and how bright ink is hangs on which of its neighbours are background
too. So a mask of the ink comes first and the bytes of the ink behind it, sorted by those neighbours;
then gzip takes a fifth less than of the pixels as they come.
"""

import gzip
import struct
import sys

SIDE = 28


def main():
    source, target = sys.argv[1:]
    with gzip.open(source) as file:
        magic, count, height, width = struct.unpack(">4I", file.read(16))
        pixels = file.read()
    assert (magic, height, width, len(pixels)) == (2051, SIDE, SIDE, count * SIDE * SIDE)
    rows = [pixels[i : i + SIDE] for i in range(0, len(pixels), SIDE)]
    # A bit a pixel, the leftmost the highest of 28.
    masks = [int("".join("1" if byte else "0" for byte in row), 2) for row in rows]
    kinds = [bytearray() for _ in range(16)]
    for i, (row, mask) in enumerate(zip(rows, masks)):
        if not mask:
            continue
        above = masks[i - 1] if i % SIDE > 0 else 0
        below = masks[i + 1] if i % SIDE < SIDE - 1 else 0
        for x, byte in enumerate(row):
            if byte:
                bit = SIDE - 1 - x
                sides = (above, below, mask >> 1, mask << 1)
                kind = sum((side >> bit & 1) << k for k, side in enumerate(sides))
                kinds[kind].append(byte)
    head = struct.pack(">17I", count, *(len(kind) for kind in kinds))
    content = head + struct.pack(f">{len(masks)}I", *masks) + b"".join(kinds)
    with open(target, "wb") as file:
        file.write(gzip.compress(content, 9, mtime=0))


main()
