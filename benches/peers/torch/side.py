"""A PyTorch side: sets up each network and batch, then measures all of them once for each line read.

    echo 0.5 | python side.py --form eager --threads 2

A line of input is the seconds of a measurement; sides.py has the protocol.
"""

import argparse
import json
import logging
import shutil
import sys
import warnings
from pathlib import Path

import torch

WARM_UP = 0.1  # seconds before each measurement
FORMS = ["notebook", "eager", "compiled", "graph"]
MODES = ["training", "inference"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--form", choices=FORMS, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--networks", nargs="+", default=["lenet1", "lenet5"])
    parser.add_argument("--batches", nargs="+", type=int, default=[16, 256])
    parser.add_argument("--cache", type=Path, default=Path(__file__).parents[1] / "cache")
    args = parser.parse_args()

    if args.form == "compiled" and not (shutil.which("g++") or shutil.which("clang++")):
        say({"skipped": "torch.compile needs a C++ compiler, and there is no g++"})
        return
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    works = {}
    for network in args.networks:
        for batch in args.batches:
            contender = make(args.form, network, batch, args.device, args.cache)
            for mode in MODES:
                work = getattr(contender, mode)
                work(0)
                work(0)
                works[network, batch, mode] = work
    say({"ready": True})
    for line in sys.stdin:
        for (network, batch, mode), work in works.items():
            work(WARM_UP)
            digits, seconds = work(float(line))
            say({"network": network, "batch": batch, "mode": mode, "rate": digits / seconds})
        say({"done": True})


def say(line: dict) -> None:
    print(json.dumps(line), flush=True)


def make(form: str, network: str, batch: int, device: str, cache: Path):
    if form == "notebook":
        from notebook import Notebook

        return Notebook(network, batch, cache)
    from best import Best

    return Best(network, batch, form, device)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.getLogger("torch").setLevel(logging.ERROR)
    main()
