"""One repeat of a PyTorch side: a JSON line for each network, batch and mode.

    python side.py --form eager --threads 2 --seconds 0.5
"""

import argparse
import json
import logging
import shutil
import sys
import warnings
from pathlib import Path

import torch

WARM_UP = 0.2  # seconds, after what the first calls compile
FORMS = ["notebook", "eager", "compiled"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--form", choices=FORMS, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=0.5, help="of a measurement")
    parser.add_argument("--networks", nargs="+", default=["lenet1", "lenet5"])
    parser.add_argument("--batches", nargs="+", type=int, default=[16, 256])
    parser.add_argument("--cache", type=Path, default=Path(__file__).parent / "cache")
    args = parser.parse_args()

    if args.form == "compiled" and not (shutil.which("g++") or shutil.which("clang++")):
        print(json.dumps({"skipped": "torch.compile needs a C++ compiler, and there is no g++"}))
        return
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    for network in args.networks:
        for batch in args.batches:
            side = make(args.form, network, batch, args.cache)
            for mode in ("training", "inference"):
                work = getattr(side, mode)
                work(0)
                work(0)
                work(WARM_UP)
                digits, seconds = work(args.seconds)
                rate = digits / seconds
                line = {"network": network, "batch": batch, "mode": mode, "rate": rate}
                print(json.dumps(line), flush=True)


def make(form: str, network: str, batch: int, cache: Path):
    if form == "notebook":
        from notebook import Notebook

        return Notebook(network, batch, cache)
    from best import Best

    return Best(network, batch, compiled=form == "compiled")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    logging.getLogger("torch").setLevel(logging.ERROR)
    sys.exit(main())
