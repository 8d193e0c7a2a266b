"""Reads MNIST's files, gzipped or not."""

import gzip
from pathlib import Path

import numpy as np

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "mnist"


def read(part: str, folder: Path = ASSETS) -> tuple[np.ndarray, np.ndarray]:
    """`train` or `t10k` -> pixels, u8 [N, 28, 28], and labels, u8 [N]."""
    pixels = idx(folder / f"{part}-images-idx3-ubyte")
    labels = idx(folder / f"{part}-labels-idx1-ubyte")
    if pixels.shape != (len(labels), 28, 28):
        raise ValueError(f"{folder}: images {pixels.shape} do not fit {len(labels)} labels")
    return pixels, labels


def idx(path: Path) -> np.ndarray:
    """An IDX file of bytes: 0, 0, 8, the number of dimensions, each as big-endian u32, the data."""
    zipped = path.with_name(path.name + ".gz")
    data = gzip.decompress(zipped.read_bytes()) if zipped.exists() else path.read_bytes()
    if data[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is not an IDX file of bytes")
    dimensions = np.frombuffer(data, ">u4", count=data[3], offset=4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(dimensions)
