"""The sides of the comparison: each is measured once a turn.

A peer is a process that sets all its networks up, warms up and prints {"ready": true}; for each line
on its input, the seconds of a measurement, it prints a JSON line for each figure and {"done": true}.
So imports and compilation are paid once. `lenet bench` is started anew each turn: it warms up itself.
"""

import json
import os
import subprocess
import tempfile
import threading

from machine import CACHE, HERE, ROOT, TARGET

NETWORKS = ["lenet1", "lenet5"]
BATCHES = "16,256"
# The peers' networks: one plain tanh for a squash, pixels in -1..1, ten linear outputs.
LENET_FLAGS = ["--squash", "tanh", "--input", "symmetric", "--output", "linear"]
# Seconds that a side may take to set itself up, or for a turn.
LONGEST = 900


class Unable(Exception):
    """Why a side cannot be measured here."""


class Side:
    """A program in one of its forms."""

    def __init__(self, program: str, form: str, command: list, threads: int | None = None):
        self.program, self.form, self.threads = program, form, threads
        self.command = list(map(str, command))
        self.skipped: str | None = None
        self.samples: dict[tuple, list[float]] = {}  # (form, network, batch, mode) -> digits/s

    def __str__(self):
        return f"{self.program} {self.form}" + (f", threads {self.threads}" if self.threads else "")

    def start(self) -> None:
        """Whatever is not measured."""

    def turn(self, seconds: float) -> None:
        """Measures every figure once."""
        raise NotImplementedError

    def stop(self) -> None:
        """Ends what `start` began."""

    def add(self, form: str, network: str, batch: int, mode: str, rate: float) -> None:
        self.samples.setdefault((form, network, batch, mode), []).append(rate)


class Peer(Side):
    process = None

    def start(self):
        self.errors = tempfile.TemporaryFile("w+")
        environment = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": str(CACHE / "inductor")}
        try:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                text=True, cwd=ROOT, env=environment,
            )  # fmt: skip
        except OSError as error:
            raise Unable(str(error)) from None
        self.lines("ready")

    def turn(self, seconds):
        try:
            self.process.stdin.write(f"{seconds}\n")
            self.process.stdin.flush()
        except OSError:
            raise Unable(self.fault()) from None
        for line in self.lines("done"):
            self.add(self.form, line["network"], line["batch"], line["mode"], line["rate"])

    def lines(self, last: str) -> list[dict]:
        """What the process prints before a line with the key `last`."""
        lines, late = [], threading.Event()
        timer = threading.Timer(LONGEST, lambda: (late.set(), self.process.kill()))
        timer.start()
        try:
            for text in self.process.stdout:
                line = json.loads(text) if text.startswith("{") else {}
                if "skipped" in line:
                    raise Unable(line["skipped"])
                if last in line:
                    return lines
                if "rate" in line:
                    lines.append(line)
        finally:
            timer.cancel()
        raise Unable(f"no answer within {LONGEST} s" if late.is_set() else self.fault())

    def fault(self) -> str:
        code = self.process.wait()
        self.errors.seek(0)
        return complaint(self.errors.read(), code)

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.kill()
            self.process.wait()


class Bench(Side):
    """`lenet bench`: a form for each of its columns."""

    def turn(self, seconds):
        for network in NETWORKS:
            command = [*self.command, "--network", network, "--seconds", str(seconds)]
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, cwd=ROOT, timeout=LONGEST
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise Unable(str(error)) from None
            if done.returncode != 0:
                raise Unable(complaint(done.stderr, done.returncode))
            for figure in json.loads(done.stdout)["figures"]:
                self.figure(figure)

    def figure(self, figure: dict) -> None:
        if figure["adapter"] is None:
            raise Unable("no adapter: apt install mesa-vulkan-drivers")
        for column, rates in figure.items():
            if isinstance(rates, dict) and "median" in rates:
                # A bench without the column `naive` names the naive reference `cpu`.
                naive = column == "cpu" and "naive" not in figure
                form = "naive" if naive else column
                self.add(form, figure["network"], figure["batch"], figure["work"], rates["median"])


def complaint(text: str, code: int) -> str:
    """The line of a program's errors that says most."""
    lines = text.strip().splitlines() or [f"exit code {code}"]
    return next((line for line in lines if "panicked" in line or "rror" in line), lines[-1])


def sides(python, device: str) -> list[Side]:
    lenet = [ROOT / "target" / "release" / "lenet", "bench", *LENET_FLAGS, "--batch", BATCHES]
    lenet += ["--repeats", "1", "--json"]
    cores = os.cpu_count() or 1

    def torch(form: str, threads: int) -> list:
        command = [python, HERE / "torch" / "side.py", "--cache", CACHE, "--device", device]
        return [*command, "--form", form, "--threads", threads]

    if device == "cuda":
        forms = ("eager", "graph", "compiled")
        peers = [Peer("torch", form, torch(form, cores)) for form in forms]
        return [Bench("lenet", "bench", [*lenet, "--no-cpu"]), *peers]
    all_sides: list[Side] = [Bench("lenet", "bench", lenet)]
    for form in ("notebook", "eager", "compiled"):
        for threads in [cores] if form == "notebook" else sorted({1, cores}):
            all_sides.append(Peer("torch", form, torch(form, threads), threads))
    for form in ("flex", "wgpu"):
        command = [TARGET / "release" / "peer-burn", "--device", form]
        all_sides.append(Peer("burn", form, command))
    return all_sides
