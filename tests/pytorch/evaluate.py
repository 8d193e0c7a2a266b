"""Counts the test errors of a model that the Rust program saved, on MNIST's 10,000 test digits."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
import safetensors
import torch

import mnist
from lenet import LeNet, Settings, inputs, winners


def load(path: Path) -> tuple[LeNet, Settings]:
    """The network of a model file; its settings are JSON under the metadata key `lenet`."""
    with safetensors.safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    if "lenet" not in metadata:
        sys.exit(f"{path} has no metadata key `lenet`: was it saved by this program?")
    saved = json.loads(metadata["lenet"])
    saved |= saved.get("options", {})
    # Of training only, so a model file need not have them.
    saved = {"loss": "mse", "j": 10.0} | saved
    names = [field.name for field in fields(Settings)]
    if missing := [name for name in names if name not in saved]:
        sys.exit(f"{path}: the metadata lack {', '.join(missing)}")
    settings = Settings(**{name: saved[name] for name in names})
    net = LeNet(settings)
    try:
        net.load_state_dict(tensors)  # names and shapes have to fit exactly
    except RuntimeError as error:
        sys.exit(f"{path} does not fit its settings: {error}")
    return net, settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, metavar="MODEL.safetensors")
    parser.add_argument(
        "--data", type=Path, default=mnist.ASSETS, help="folder of MNIST's files, gzipped or not"
    )
    arguments = parser.parse_args()
    net, settings = load(arguments.model)
    pixels, labels = mnist.read("t10k", arguments.data)
    with torch.inference_mode():
        scores = torch.cat([net(inputs(part, settings)) for part in chunks(pixels)])
    if not scores.isfinite().all():
        sys.exit(f"{arguments.model}: some scores are not finite")
    wrong = (winners(scores, settings) != torch.from_numpy(labels.copy())).sum()
    print(f"test errors: {wrong} of {len(labels)}")


def chunks(pixels: np.ndarray, size: int = 1000) -> Iterator[np.ndarray]:
    """Pieces of at most `size` digits, so that the memory stays small."""
    return (pixels[start : start + size] for start in range(0, len(pixels), size))


if __name__ == "__main__":
    main()
