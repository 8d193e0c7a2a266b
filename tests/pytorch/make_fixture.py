"""Writes tests/fixtures/<case>.safetensors: what PyTorch gets for a batch of seven digits.

Everything is computed in float64 from float32 inputs and weights, and stored as float32.
With --check the files stay as they are and are compared with what would be written.
"""

import argparse
import json
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
import torch
from torch import nn

import mnist
from lenet import LeNet, Pool, Settings, centres, inputs, loss

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
BATCH = 7  # odd, so that no workgroup of a kernel is full
STEPS = 3
SEED = 1998
TOLERANCE = 1e-6  # absolute and relative, one on top of the other
VERSIONS = {
    "torch": torch.__version__,
    "numpy": np.__version__,
    "python": platform.python_version(),
}


@dataclass(frozen=True)
class Case:
    settings: Settings
    lr: float
    momentum: float = 0.9
    weight_decay: float = 0.0
    # beta1, beta2 and epsilon of Adam, which then takes the place of SGD.
    adam: tuple[float, float, float] | None = None
    # Shares of the RBF centres in F6's first biases. Far from every centre the e^-y of eq. 9 are
    # below 1e-30 and it cannot be told from eq. 8; from here the wrong classes push too.
    near: tuple[tuple[int, float], ...] = ()
    # Whether the first weights lie in +-0.9/sqrt(F), F the fan-in of a unit, instead of the
    # paper's +-2.4/F: then the squashes bend, and the digits differ in their distances.
    wide: bool = False


def lenet1(squash: str, scaling: str) -> Settings:
    return Settings("lenet1", squash, "mean", "linear", "mse", 10.0, scaling, 0, False)


def habits(squash: str, pool: str) -> Settings:
    """LeNet-1 with what most tutorials have."""
    loss = "cross-entropy"
    return Settings("lenet1", squash, pool, "softmax", loss, 10.0, "paper", 0, False)


def lenet5(output: str, loss: str, j: float = 10.0, network: str = "lenet5") -> Settings:
    return Settings(network, "scaled", "sum", output, loss, j, "paper", 2, False)


CASES = {
    "lenet1": Case(lenet1("tanh", "symmetric"), lr=0.1),
    "lenet1-scaled": Case(lenet1("scaled", "paper"), lr=0.1, weight_decay=0.01),
    "lenet1-relu-max": Case(habits("relu", "max"), lr=0.1, wide=True),
    "lenet1-logistic-average": Case(habits("logistic", "average"), lr=0.1, wide=True),
    # A larger epsilon than PyTorch's: a gradient that is all rounding moves its weight by less than
    # the tolerance of the tests.
    "lenet1-adam": Case(
        lenet1("scaled", "paper"), lr=0.01, weight_decay=0.01, adam=(0.9, 0.99, 1e-4), wide=True
    ),
    "lenet5-rbf-mse": Case(lenet5("rbf", "mse"), lr=0.003),
    # Two wrong classes compete: 6 and 8 are the closest pair of bitmaps, 12 pixels apart.
    "lenet5-rbf-map": Case(
        lenet5("rbf", "map"), lr=0.003, near=((6, 0.52), (8, 0.48)), wide=True
    ),
    # Class 1, right for two of the digits and wrong for five, competes with the one outside.
    "lenet5-rbf-map-j1": Case(lenet5("rbf", "map", j=1.0), lr=0.003, near=((1, 0.95),), wide=True),
    "lenet5-linear": Case(lenet5("linear", "mse"), lr=0.1),
    "lenet5-short": Case(lenet5("linear", "mse", network="lenet5-short"), lr=0.1),
}


def start(net: LeNet, case: Case) -> None:
    """Draws the first weights: float32 values, whatever type the network computes in."""
    rng = np.random.default_rng(SEED)

    def uniform(parameter: nn.Parameter, around: float | np.ndarray, reach: float) -> None:
        drawn = around + rng.uniform(-reach, reach, tuple(parameter.shape))
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(drawn.astype(np.float32)))

    for name, layer in net.named_modules():
        if isinstance(layer, Pool):
            initial = Pool.START[layer.form]
            uniform(layer.weight, initial, 0.2 * initial)
            uniform(layer.bias, 0.0, 0.1)
        elif isinstance(layer, (nn.Conv2d, nn.Linear)):
            fan_in = layer.weight[0].numel()
            reach = 0.9 / fan_in**0.5 if case.wide else 2.4 / fan_in
            bias = sum(share * centres()[digit].double().numpy() for digit, share in case.near)
            uniform(layer.weight, 0.0, reach)
            uniform(layer.bias, bias if name == "f6" else 0.0, reach)


def optimizer_of(case: Case, net: LeNet) -> torch.optim.Optimizer:
    decay = case.weight_decay
    if case.adam is None:
        return torch.optim.SGD(
            net.parameters(), case.lr, momentum=case.momentum, weight_decay=decay
        )
    # As float32, which is what the shaders have.
    beta1, beta2, epsilon = (float(np.float32(number)) for number in case.adam)
    return torch.optim.Adam(
        net.parameters(), case.lr, betas=(beta1, beta2), eps=epsilon, weight_decay=decay
    )


def compute(case: Case) -> dict[str, np.ndarray]:
    """The tensors of one fixture."""
    settings = case.settings
    pixels, labels = (part[:BATCH] for part in mnist.read("train"))
    x, classes = inputs(pixels, settings).double(), torch.from_numpy(labels.astype(np.int64))
    net = LeNet(settings).double()
    start(net, case)
    optimizer = optimizer_of(case, net)
    tensors = {"pixels": pixels, "labels": labels, "scores": stored(net(x))}
    tensors |= {f"weight/{name}": stored(p) for name, p in net.named_parameters()}
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        value = loss(net(x), classes, settings)
        value.backward()
        losses.append(value)
        if step == 0:
            tensors |= {f"grad/{name}": stored(p.grad) for name, p in net.named_parameters()}
        optimizer.step()
    losses.append(loss(net(x), classes, settings))
    tensors |= {f"after/{name}": stored(p) for name, p in net.named_parameters()}
    return tensors | {"loss": stored(torch.stack(losses))}


def stored(tensor: torch.Tensor) -> np.ndarray:
    """A copy in float32."""
    return tensor.detach().numpy().astype(np.float32)


def metadata(case: Case) -> dict[str, str]:
    """Strings as they are, numbers and booleans as in JSON; nothing of what a case has not."""
    values = asdict(case.settings) | asdict(case) | VERSIONS
    values = {key: value for key, value in values.items() if value is not None}
    del values["settings"], values["near"], values["wide"]
    return {key: v if isinstance(v, str) else json.dumps(v) for key, v in values.items()}


def serialized(tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """A safetensors file that is the same in every run: the library shuffles the metadata."""
    data = safetensors.numpy.save(tensors, metadata)
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header["__metadata__"] = dict(sorted(metadata.items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return data[:8] + text.ljust(end - 8) + data[end:]


def differences(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> list[str]:
    """What a stored file has otherwise than it should, a line each; versions may differ."""
    if not path.exists():
        return ["is missing"]
    with safetensors.safe_open(path, "numpy") as file:
        found = {name: file.get_tensor(name) for name in file.keys()}
        found_metadata = file.metadata() or {}
    lines = [f"tensor {name} is in one of the two only" for name in found.keys() ^ tensors.keys()]
    for key in sorted((metadata.keys() | found_metadata.keys()) - VERSIONS.keys()):
        if found_metadata.get(key) != metadata.get(key):
            lines.append(f"{key} is {found_metadata.get(key)}, not {metadata.get(key)}")
    for name in sorted(found.keys() & tensors.keys()):
        old, new = found[name], tensors[name]
        if (old.dtype, old.shape) != (new.dtype, new.shape):
            lines.append(f"{name} is {old.dtype} {old.shape}, not {new.dtype} {new.shape}")
            continue
        old, new = old.astype(np.float64), new.astype(np.float64)
        bad = np.argwhere(~(np.abs(old - new) <= TOLERANCE * (1 + np.abs(new))))
        if len(bad):
            at = tuple(map(int, bad[0]))
            lines.append(f"{name}{list(at)} is {old[at]}, not {new[at]}; {len(bad)} such values")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare the stored files, write none")
    check = parser.parse_args().check
    torch.set_num_threads(1)  # one order of every sum
    FIXTURES.mkdir(exist_ok=True)
    failed = False
    for name, case in CASES.items():
        path = FIXTURES / f"{name}.safetensors"
        tensors = compute(case)
        if check:
            lines = differences(path, tensors, metadata(case))
            failed |= bool(lines)
            print("\n".join(f"{path.name}: {line}" for line in lines or ["the same"]))
        else:
            path.write_bytes(serialized(tensors, metadata(case)))
            losses = " ".join(f"{value:.4f}" for value in tensors["loss"])
            print(f"{path.name}: {path.stat().st_size:,} bytes, loss {losses}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
