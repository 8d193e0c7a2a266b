"""Writes tests/fixtures/<case>.safetensors: second derivatives, and steps that use them.

Each digit goes through the network alone, in float64. On the way back D is the second derivatives
of the loss with respect to pre-activations. Each layer passes it on with its local derivatives
squared (1998, appendix C). All of it is written out by hand; automatic differentiation is not used.
First weights and digits are those of another
fixture. With --check the files stay as they are and are compared with what would be written.
"""

import argparse
import json
import sys
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import make_fixture
import mnist
from lenet import KERNEL, LeNet, Linear, PartialConv2d, Pool, Rbf, inputs, loss
from make_fixture import BATCH, CASES, FIXTURES, VERSIONS, differences, serialized, stored

STEPS = 3
C5_ROWS = 8  # rows of c5.weight that a file keeps; the same code computes the others


@dataclass(frozen=True)
class Second:
    base: str  # the fixture with the first weights
    exact: bool  # the second derivatives of eq. 9, not the constant 2
    eta: float
    mu: float = 0.02


SECONDS = {
    "lenet1-sdlm": Second("lenet1-scaled", exact=False, eta=0.002),
    "lenet5-sdlm": Second("lenet5-rbf-map-j1", exact=True, eta=0.0002),
}


def slope(y: torch.Tensor, squash: str) -> torch.Tensor:
    """f'(a) from y = f(a)."""
    amplitude, s = {"tanh": (1.0, 1.0), "scaled": (1.7159, 2 / 3)}[squash]
    return s * (amplitude - y**2 / amplitude)


def forward(net: LeNet, x: torch.Tensor) -> list[torch.Tensor]:
    """The input of each layer, [1, C, H, W] or [1, C], then the scores."""
    seen = [x]
    for layer in net.children():
        seen.append(layer(seen[-1]) if isinstance(layer, Rbf) else net.squash(layer(seen[-1])))
    return seen


def seed(net: LeNet, seen: list[torch.Tensor], case, second: Second) -> torch.Tensor:
    """Second derivatives of the loss with respect to the values after the last squash."""
    settings = case.settings
    if settings.output == "linear":
        return torch.full_like(seen[-1], 2 / seen[-1].numel())
    if settings.loss == "mse" or not second.exact:
        return torch.full_like(seen[-2], 2.0)
    d = seen[-2].flatten() - net.rbf.centres  # [10, 84]
    y = seen[-1].flatten()
    p = torch.exp(-y) / (torch.exp(-y).sum() + np.exp(-settings.j))
    mean = (p[:, None] * d).sum(0)
    diagonal = 2 * (1 - p.sum()) + 4 * ((p[:, None] * d**2).sum(0) - mean**2)
    return diagonal.reshape(seen[-2].shape)


def conv_back(x, D, weight) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """D [1, M, H-4, W-4] to those of weight [M, C, 5, 5], bias [M] and input, weights squared."""
    patches = F.unfold(x**2, KERNEL)[0]  # [C * 25, positions]
    by_weight = (D[0].flatten(1) @ patches.T).reshape(weight.shape)
    return by_weight, D.sum((0, 2, 3)), F.conv_transpose2d(D, weight**2)


def layer_back(layer, x, D) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """From D of a layer's pre-activations to those of its parameters and of its input."""
    if isinstance(layer, nn.Conv2d):
        weight, bias, below = conv_back(x, D, layer.weight)
        return {"weight": weight, "bias": bias}, below
    if isinstance(layer, PartialConv2d):
        own, below = {}, torch.zeros_like(x)
        for m, (conv, row) in enumerate(zip(layer.convs, layer.table)):
            weight, bias, part = conv_back(x[:, row], D[:, m : m + 1], conv.weight)
            own |= {f"convs.{m}.weight": weight, f"convs.{m}.bias": bias}
            below[:, row] += part
        return own, below
    if isinstance(layer, Pool):
        scale = {"mean": 0.25, "sum": 1.0}[layer.form]
        blocks = scale * x.unflatten(3, (-1, 2)).unflatten(2, (-1, 2)).sum((3, 5))
        own = {
            "weight": (D * blocks**2).sum((0, 2, 3)).reshape(layer.weight.shape),
            "bias": D.sum((0, 2, 3)).reshape(layer.bias.shape),
        }
        each = (scale * layer.weight) ** 2 * D
        return own, each.repeat_interleave(2, 2).repeat_interleave(2, 3)
    if isinstance(layer, Linear):
        d, v = D.flatten(), x.flatten()
        own = {"weight": torch.outer(d, v**2), "bias": d}
        return own, ((layer.weight**2).T @ d).reshape(x.shape)
    raise TypeError(f"no rule for {layer}")


def curvature(net: LeNet, x: torch.Tensor, case, second: Second):
    """Second derivatives of the loss of one digit with respect to every parameter."""
    layers = [(n, layer) for n, layer in net.named_children() if not isinstance(layer, Rbf)]
    seen = forward(net, x)
    squash = case.settings.squash
    D = seed(net, seen, case, second)
    found = {}
    for at in reversed(range(len(layers))):
        name, layer = layers[at]
        D = D * slope(seen[at + 1], squash) ** 2
        own, D = layer_back(layer, seen[at], D)
        found |= {f"{name}.{key}": value for key, value in own.items()}
    return {name: found[name].reshape(p.shape) for name, p in net.named_parameters()}


def compute(second: Second) -> dict[str, np.ndarray]:
    """The tensors of one fixture."""
    case = CASES[second.base]
    pixels, labels = (part[:BATCH] for part in mnist.read("train"))
    x = inputs(pixels, case.settings).double()
    net = LeNet(case.settings).double()
    make_fixture.start(net, case)
    with torch.no_grad():
        each = [curvature(net, x[n : n + 1], case, second) for n in range(BATCH)]
    h = {name: sum(one[name] for one in each) / BATCH for name in each[0]}
    for n in range(STEPS):  # one digit at a time, h held
        net.zero_grad()
        loss(net(x[n : n + 1]), torch.tensor([int(labels[n])]), case.settings).backward()
        with torch.no_grad():
            for name, p in net.named_parameters():
                p -= second.eta / (second.mu + h[name]) * p.grad
    after = dict(net.named_parameters())
    kept = lambda name, tensor: stored(tensor[:C5_ROWS] if name == "c5.weight" else tensor)
    tensors = {f"curvature/{name}": kept(name, tensor) for name, tensor in h.items()}
    return tensors | {f"after/{name}": kept(name, tensor) for name, tensor in after.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare the stored files, write none")
    check = parser.parse_args().check
    torch.set_num_threads(1)  # one order of every sum
    failed = False
    for name, second in SECONDS.items():
        path = FIXTURES / f"{name}.safetensors"
        about = {"base": second.base, "exact": second.exact, "eta": second.eta, "mu": second.mu}
        about = {key: v if isinstance(v, str) else json.dumps(v) for key, v in about.items()}
        tensors, about = compute(second), about | VERSIONS
        if check:
            lines = differences(path, tensors, about)
            failed |= bool(lines)
            print("\n".join(f"{path.name}: {line}" for line in lines or ["the same"]))
        else:
            path.write_bytes(serialized(tensors, about))
            print(f"{path.name}: {path.stat().st_size:,} bytes")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
