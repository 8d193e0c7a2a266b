"""The digits of assets/mnist and the connection tables, from the project's own PyTorch tests."""

import gzip
import sys
from functools import cache
from pathlib import Path

import torch
from torch.nn.functional import one_hot, pad

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "pytorch"))

from lenet import TABLE_1990, TABLE_I  # noqa: E402
from mnist import ASSETS, read  # noqa: E402

__all__ = ["TABLE_1990", "TABLE_I", "tensors", "unpack"]


@cache
def tensors(part: str, border: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`train` or `t10k` -> inputs in -1..1, [N, 1, H, W], targets +-1, [N, 10], and labels, [N]."""
    pixels, labels = read(part)
    inputs = torch.tensor(pixels)[:, None].float() / 127.5 - 1
    labels = torch.tensor(labels).long()
    targets = 2.0 * one_hot(labels, 10) - 1
    return pad(inputs, [border] * 4, value=-1.0), targets, labels


def unpack(folder: Path) -> None:
    """Puts the four files where torchvision looks for them."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for zipped in ASSETS.glob("*.gz"):
        file = raw / zipped.stem
        if not file.exists():
            file.write_bytes(gzip.decompress(zipped.read_bytes()))
