"""Where things are, and what the figures were measured on."""

import json
import os
import platform
import re
import subprocess
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = HERE / "cache"
TARGET = HERE / "target"
PYTHON = HERE / "venv" / "bin" / "python"


def build(crate: str) -> list:
    """What builds the program `peer-CRATE` of a crate in this folder."""
    manifest = HERE / crate / "Cargo.toml"
    command = ["cargo", "build", "--release", "--locked", "--manifest-path", manifest]
    return [*command, "--target-dir", TARGET]


def describe() -> dict:
    try:
        info = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        info = platform.platform(terse=True)
    return {
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "os": f"{info}, {platform.system()}",
        "load_at_end": round(os.getloadavg()[0], 2),
    }


def cpu() -> str:
    try:
        names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def versions(python: Path) -> dict:
    """Of everything that computes; what is not there is null."""
    burn = lock(HERE / "burn" / "Cargo.lock")
    return {
        "rustc": said("rustc", "--version"),
        "lenet": said(ROOT / "target" / "release" / "lenet", "-V"),
        "commit": said("git", "-C", ROOT, "describe", "--always", "--dirty"),
        "wgpu": lock(ROOT / "Cargo.lock").get("wgpu"),
        "adapter": adapter(),
        "python": said(python, "--version"),
        "torch": said(python, "-c", "import torch; print(torch.__version__)"),
        "torchvision": said(python, "-c", "import torchvision; print(torchvision.__version__)"),
        "g++": said("g++", "-dumpfullversion"),
        "burn": burn.get("burn"),
        "burn's wgpu": burn.get("wgpu"),
    }


def lock(file: Path) -> dict[str, str]:
    packages = tomllib.loads(file.read_text())["package"]
    return {package["name"]: package["version"] for package in packages}


def said(*command) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def adapter() -> str | None:
    """The adapter and driver that `lenet bench` takes: the first of `lenet adapters`."""
    text = said(ROOT / "target" / "release" / "lenet", "adapters", "--json")
    adapters = json.loads(text)["adapters"] if text else []
    return f"{adapters[0]['name']}, {adapters[0]['driver_info']}" if adapters else None
