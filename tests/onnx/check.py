"""Checks exported graphs with the tools of ONNX, on MNIST's 10,000 test digits.

For every model: `lenet export` writes the graph, `onnx.checker` looks at it, onnxruntime runs it in
batches of several sizes, and every class and score is compared with `lenet evaluate --scores`. Where OpenCV
is installed, its dnn module reads the first digits too. Ends with 1 if anything differs.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

try:
    import cv2
except ImportError:
    cv2 = None

sys.path.append(str(Path(__file__).resolve().parents[1] / "pytorch"))
import mnist

# Of a score s: at most this times max(1, |s|) away.
TOLERANCE = 1e-4
# As few digits as make a batch, and sizes that leave a rest.
BATCHES = [1, 7, 1000]
# Digits that OpenCV reads, one by one.
BY_OPENCV = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL.safetensors")
    parser.add_argument("--lenet", default="target/release/lenet", help="the program")
    parser.add_argument("--device", default="cpu", help="of the program [default: cpu]")
    arguments = parser.parse_args()
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}")
    agree = [check(model, arguments.lenet, arguments.device) for model in arguments.models]
    sys.exit(0 if all(agree) else 1)


def check(model: Path, lenet: str, device: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        graph, scores = Path(folder, "model.onnx"), Path(folder, "scores.csv")
        quietly([lenet, "export", model, "--out", graph])
        quietly([lenet, "evaluate", model, "--device", device, "--scores", scores])
        onnx.checker.check_model(graph, full_check=True)
        table = np.loadtxt(scores, delimiter=",", skiprows=1, dtype=np.float64)
        opencv = cv2 and cv2.dnn.readNetFromONNX(str(graph))
        session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    told, expected = table[:, 2].astype(np.int64), table[:, 3:]
    pixels, labels = mnist.read("t10k")
    assert (table[:, 1] == labels).all(), "the labels of evaluate --scores are not MNIST's"
    agree = True
    for size in BATCHES:
        parts = [session.run(["scores", "class"], {"digits": part}) for part in cut(pixels, size)]
        found = np.concatenate([part[0] for part in parts])
        classes = np.concatenate([part[1] for part in parts])
        far = (np.abs(found - expected) / np.maximum(1, np.abs(expected))).max()
        other = int((classes != told).sum())
        print(
            f"{model}: batches of {size}: {len(classes)} digits, {other} other classes, "
            f"{int((classes != labels).sum())} errors, scores at most {far:.1e} apart"
        )
        agree &= other == 0 and far <= TOLERANCE and len(classes) == len(labels)
    return agree and (opencv is None or check_opencv(model, opencv, pixels, expected))


def check_opencv(model: Path, net, pixels: np.ndarray, expected: np.ndarray) -> bool:
    # Before 5.0 it takes floats alone.
    element = np.uint8 if int(cv2.__version__.split(".")[0]) >= 5 else np.float32
    found = []
    for digit in cut(pixels[:BY_OPENCV], 1):
        net.setInput(digit.astype(element), "digits")
        found.append(net.forward("scores").reshape(-1))
    far = np.abs(np.array(found) - expected[:BY_OPENCV])
    far = (far / np.maximum(1, np.abs(expected[:BY_OPENCV]))).max()
    print(f"{model}: OpenCV {cv2.__version__}: {BY_OPENCV} digits, scores at most {far:.1e} apart")
    return bool(far <= TOLERANCE)


def cut(pixels: np.ndarray, size: int):
    """Pieces of at most `size` digits, u8 [size, 1, 28, 28]."""
    return (pixels[start : start + size, None] for start in range(0, len(pixels), size))


def quietly(command: list) -> None:
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
