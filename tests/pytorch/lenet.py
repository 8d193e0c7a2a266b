"""LeNet-1 and LeNet-5 as PyTorch modules: an independent second opinion on the Rust program.

Shapes: B batch, C input maps, M feature maps, H and W height and width of a layer's input.
The tables, their spelling and the parameter names are in step with src/network/.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

KERNEL = 5
CLASSES = 10
DIGIT_SIDE = 28


@dataclass(frozen=True)
class Settings:
    """A network and its choices, which are in step with `Options` in src/network/build.rs. Side and
    classes are fixed here.
    """

    network: str  # lenet1, lenet5, lenet5-short
    squash: str  # tanh, scaled, logistic, relu
    pool: str  # mean, sum, average, max
    output: str  # linear, rbf, softmax
    loss: str  # mse, map, cross-entropy
    j: float  # of eq. 9
    scaling: str  # paper, symmetric
    border: int  # pixels of background around the digit
    full_connections: bool


# H3 of the 1990 network over H2's 4 maps, and Table I of the 1998 paper: C3 over S2's 6 maps.
TABLE_1990 = [[0], [0, 1], [0, 1], [1], [0, 1], [0, 1], [2], [2, 3], [2, 3], [3], [2, 3], [2, 3]]
TABLE_I = [
    [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [0, 4, 5], [0, 1, 5],
    [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [0, 3, 4, 5], [0, 1, 4, 5],
    [0, 1, 2, 5], [0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5],
    [0, 1, 2, 3, 4, 5],
]  # fmt: skip

# (name, kind, maps or units, connection table); the output follows from the settings.
LENET5_SHORT = [
    ("c1", "conv", 6, None),
    ("s2", "pool", 6, None),
    ("c3", "conv", 16, TABLE_I),
    ("s4", "pool", 16, None),
    ("c5", "conv", 120, None),
]
NETWORKS = {
    "lenet1": [
        ("h1", "conv", 4, None),
        ("h2", "pool", 4, None),
        ("h3", "conv", 12, TABLE_1990),
        ("h4", "pool", 12, None),
    ],
    "lenet5": [*LENET5_SHORT, ("f6", "linear", 84, None)],
    "lenet5-short": LENET5_SHORT,
}

SQUASHES = {
    "tanh": torch.tanh,
    "scaled": lambda a: 1.7159 * torch.tanh(2 / 3 * a),
    "logistic": torch.sigmoid,
    "relu": torch.relu,
}

# (ink minus background, background)
SCALINGS = {"paper": (1.275, -0.1), "symmetric": (2.0, -1.0)}

# The classes as 7x12 bitmaps (1998, Fig. 3): a number a row, its highest bit the left column.
BITMAPS = [
    [62, 0, 28, 54, 99, 99, 99, 99, 54, 28, 0, 0],
    [12, 28, 60, 12, 12, 12, 12, 12, 12, 63, 0, 0],
    [62, 0, 62, 99, 67, 6, 28, 48, 96, 127, 0, 0],
    [127, 3, 6, 12, 30, 3, 3, 3, 99, 62, 0, 0],
    [62, 0, 0, 51, 51, 115, 99, 99, 103, 63, 3, 3],
    [62, 0, 127, 96, 96, 60, 30, 3, 99, 62, 0, 0],
    [30, 48, 96, 96, 126, 115, 99, 99, 115, 62, 0, 0],
    [127, 3, 3, 6, 12, 12, 24, 24, 24, 24, 0, 0],
    [62, 99, 99, 99, 62, 99, 99, 99, 99, 62, 0, 0],
    [62, 103, 99, 99, 103, 63, 3, 3, 6, 60, 0, 0],
]


def centres() -> torch.Tensor:
    """The RBF centres, [10, 84], each +1 or -1."""
    bits = [[row >> (6 - x) & 1 for row in rows for x in range(7)] for rows in BITMAPS]
    return 2.0 * torch.tensor(bits) - 1.0


class PartialConv2d(nn.Module):
    """5x5 convolution whose feature map m sees only the input maps table[m].

    [B, C, H, W] -> [B, M, H - 4, W - 4]
    """

    def __init__(self, table: list[list[int]]):
        super().__init__()
        self.table = table
        self.convs = nn.ModuleList(nn.Conv2d(len(row), 1, KERNEL) for row in table)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([conv(x[:, row]) for conv, row in zip(self.convs, self.table)], dim=1)


class Pool(nn.Module):
    """Mean or sum of each 2x2 block, times a weight plus a bias a map.

    [B, C, H, W] -> [B, C, H / 2, W / 2]
    """

    START = {"mean": 1.0, "sum": 0.5}

    def __init__(self, maps: int, form: str):
        super().__init__()
        self.form = form
        self.weight = nn.Parameter(torch.full((maps, 1, 1), self.START[form]))
        self.bias = nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        blocks = x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2))  # [B, C, H/2, 2, W/2, 2]
        pooled = blocks.mean((3, 5)) if self.form == "mean" else blocks.sum((3, 5))
        return pooled * self.weight + self.bias


PLAIN = {"average": nn.AvgPool2d, "max": nn.MaxPool2d}  # no parameters, no squash


class Linear(nn.Linear):
    """Every unit sees every input: [B, C, H, W] or [B, C] -> [B, M]."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.flatten(1))


class Rbf(nn.Module):
    """Squared distance to each centre (1998, eq. 7): [B, 84] -> [B, 10]."""

    def __init__(self):
        super().__init__()
        self.register_buffer("centres", centres(), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x.flatten(1)[:, None] - self.centres).square().sum(2)


class LeNet(nn.Module):
    """Digits with their border, [B, 1, H, W] -> scores, [B, 10].

    The largest score wins with `linear` and `softmax`, the smallest with `rbf`.
    """

    def __init__(self, settings: Settings):
        super().__init__()
        self.squash = SQUASHES[settings.squash]
        maps, side = 1, DIGIT_SIDE + 2 * settings.border
        output = [] if settings.output == "rbf" else [("output", "linear", CLASSES, None)]
        self.last = "output" if settings.output == "softmax" else "rbf"
        for name, kind, units, table in NETWORKS[settings.network] + output:
            if kind == "conv":
                if table is None or settings.full_connections:
                    layer = nn.Conv2d(maps, units, KERNEL)
                else:
                    layer = PartialConv2d(table)
                side -= KERNEL - 1
            elif kind == "pool":
                plain = PLAIN.get(settings.pool)
                layer = plain(2) if plain else Pool(maps, settings.pool)
                side //= 2
            else:
                layer = Linear(maps * side * side, units)
                side = 1
            maps = units
            self.add_module(name, layer)
        if settings.output == "rbf":
            self.add_module("rbf", Rbf())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name, layer in self.named_children():
            bare = name == self.last or isinstance(layer, tuple(PLAIN.values()))
            x = layer(x) if bare else self.squash(layer(x))
        return x


def inputs(pixels: np.ndarray, settings: Settings) -> torch.Tensor:
    """Bytes, [B, 28, 28] -> the network's input in float32, [B, 1, H, W], border included."""
    ink, background = SCALINGS[settings.scaling]
    border = settings.border
    padded = np.pad(pixels.astype(np.float64), ((0, 0), (border, border), (border, border)))
    return torch.from_numpy((ink * padded / 255 + background).astype(np.float32))[:, None]


def loss(scores: torch.Tensor, labels: torch.Tensor, settings: Settings) -> torch.Tensor:
    """Scores, [B, 10], and classes, [B] -> a number."""
    match settings.output, settings.loss:
        case "linear", "mse":
            targets = 2 * nn.functional.one_hot(labels, CLASSES) - 1
            return (scores - targets).square().mean()
        case "softmax", "cross-entropy":
            return nn.functional.cross_entropy(scores, labels)
        case "rbf", "mse":  # 1998, eq. 8
            return right(scores, labels).mean()
        case "rbf", "map":  # 1998, eq. 9, e^-j the class outside the ten
            outside = torch.full_like(scores[:, :1], -settings.j)
            log_sum = torch.cat([-scores, outside], dim=1).logsumexp(1)
            return (right(scores, labels) + log_sum).mean()
        case other:
            raise ValueError(f"no loss for output and loss {other}")


def right(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The score of the right class, [B]."""
    return scores.gather(1, labels[:, None]).squeeze(1)


def winners(scores: torch.Tensor, settings: Settings) -> torch.Tensor:
    """Scores, [B, 10] -> the classes that they name, [B]."""
    return scores.argmin(1) if settings.output == "rbf" else scores.argmax(1)
