#!/usr/bin/env python3
"""Reads the event files of a run as TensorBoard does, and compares them with metrics.jsonl.

    python -m venv venv && venv/bin/pip install -r tests/tensorboard/requirements.txt
    lenet train --device cpu --epochs 2 --out run --tensorboard
    venv/bin/python tests/tensorboard/check.py run
"""

import json
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

# Of each scalar, what metrics.jsonl has for it.
EXPECTED = {
    "loss/train": lambda line: line["train_loss"],
    "loss/test": lambda line: line["test_loss"],
    "error/train": lambda line: 100 * (1 - line["train_accuracy"]),
    "error/test": lambda line: 100 * (1 - line["test_accuracy"]),
    "learning_rate": lambda line: line["learning_rate"],
    "samples_per_second": lambda line: line["samples_per_second"],
}


def main(folder):
    events = EventAccumulator(str(folder))
    events.Reload()
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    tags = set(events.Tags()["scalars"])
    if not set(EXPECTED) <= tags:
        sys.exit(f"{sorted(set(EXPECTED) - tags)} are missing")
    for tag, of in EXPECTED.items():
        found = [(scalar.step, scalar.value) for scalar in events.Scalars(tag)]
        expected = [(line["epoch"], of(line)) for line in lines]
        same = len(found) == len(expected) and all(
            step == epoch and abs(value - wanted) <= 1e-6 * max(1, abs(wanted))
            for (step, value), (epoch, wanted) in zip(found, expected)
        )
        if not same:
            sys.exit(f"{tag} is {found}, but metrics.jsonl has {expected}")
    print(f"{len(EXPECTED)} scalars of {len(lines)} epochs are those of metrics.jsonl")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
