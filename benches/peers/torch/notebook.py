"""The notebook's code as it is: its modules, its data loader, its loops.

LeNet-1 is the notebook's own class. LeNet-5 is written in the same way: a `Conv2d` for each feature
map of C3. Shapes: B batch, C input maps. What differs from the notebook is said where it does.
"""

import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset
from torchvision.datasets import MNIST
from torchvision.transforms import Compose, Lambda, Pad, ToTensor

from digits import TABLE_1990, TABLE_I, unpack

LEARNING_RATE = 0.01  # the notebook's is 0.1; slower, so that nothing diverges


class PartialConv2d(nn.Module):
    """[B, C, H, W] -> [B, len(subsets), H - 4, W - 4]"""

    def __init__(self, subsets: list[list[int]]):
        super().__init__()
        self.subsets = subsets
        self.convs = nn.ModuleList([nn.Conv2d(len(subset), 1, 5) for subset in self.subsets])

    def forward(self, x):
        feature_maps = []
        for conv, subset in zip(self.convs, self.subsets):
            inp = x[:, subset]
            feature_maps.append(conv(inp))
        return torch.cat(feature_maps, dim=1)


class AvgPool(nn.Module):
    """[B, C, H, W] -> [B, C, H / k, W / k]; with `divisor` 1 the sum of a block, not its mean."""

    def __init__(self, input_channel, kernel_size, divisor=None):
        super().__init__()
        self.avgpool = nn.AvgPool2d(kernel_size, divisor_override=divisor)
        self.weight = nn.Parameter(torch.ones(input_channel, 1, 1, dtype=torch.float32))
        self.bias = nn.Parameter(torch.zeros(input_channel, 1, 1, dtype=torch.float32))

    def forward(self, x):
        return self.weight * self.avgpool(x) + self.bias


def lenet1() -> nn.Module:
    """[B, 1, 28, 28] -> [B, 10]"""
    return nn.Sequential(
        nn.Conv2d(1, 4, kernel_size=5), nn.Tanh(),
        AvgPool(4, 2), nn.Tanh(),
        PartialConv2d(TABLE_1990), nn.Tanh(),
        AvgPool(12, 2), nn.Tanh(),
        nn.Flatten(),
        nn.Linear(4 * 4 * 12, 10), nn.Tanh(),
    )  # fmt: skip


def lenet5() -> nn.Module:
    """[B, 1, 32, 32] -> [B, 10]"""
    net = nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5), nn.Tanh(),
        AvgPool(6, 2, divisor=1), nn.Tanh(),
        PartialConv2d(TABLE_I), nn.Tanh(),
        AvgPool(16, 2, divisor=1), nn.Tanh(),
        nn.Conv2d(16, 120, kernel_size=5), nn.Tanh(),
        nn.Flatten(),
        nn.Linear(120, 84), nn.Tanh(),
        nn.Linear(84, 10), nn.Tanh(),
    )  # fmt: skip
    for pool in (net[2], net[6]):
        nn.init.constant_(pool.weight, 0.25)
    return net


class Notebook:
    """A network with the notebook's data loaders and optimiser."""

    def __init__(self, network: str, batch: int, cache: Path):
        unpack(cache)
        transform = Compose([
            *([Pad(2)] if network == "lenet5" else []),
            ToTensor(),
            Lambda(lambda tensor: 2 * tensor - 1),
        ])  # fmt: skip
        train = MNIST(root=cache, train=True, transform=transform)
        test = MNIST(root=cache, train=False, transform=transform)
        train = Subset(train, torch.randperm(len(train))[:9840])
        test = Subset(test, torch.randperm(len(test))[:2707])
        self.train_dataloader = DataLoader(train, batch_size=batch, shuffle=True)
        self.test_dataloader = DataLoader(test, batch_size=batch, shuffle=False)
        self.net = {"lenet1": lenet1, "lenet5": lenet5}[network]()
        self.optimizer = torch.optim.SGD(self.net.parameters(), lr=LEARNING_RATE, momentum=0.9)
        self.loss_fn = nn.MSELoss()

    def training(self, seconds: float) -> tuple[int, float]:
        """Digits and the seconds that they took: epochs, broken off once `seconds` are over."""
        start, digits = time.perf_counter(), 0
        while True:
            loss_tot, acc = 0, 0
            for X, label in self.train_dataloader:
                pred_y = self.net(X)
                y = torch.full((len(label), 10), -1, dtype=torch.float32)
                y.scatter_(1, label.unsqueeze(1), 1)
                loss = self.loss_fn(pred_y, y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                loss_tot += loss.item()
                pred_label = (pred_y).argmax(dim=1)
                acc += (pred_label == label).sum().item() / len(label)
                digits += len(label)
                if (spent := time.perf_counter() - start) >= seconds:
                    return digits, spent

    def inference(self, seconds: float) -> tuple[int, float]:
        """As `training`, without backward pass and update, on the test digits."""
        start, digits = time.perf_counter(), 0
        while True:
            loss_test, acc_test = 0, 0
            with torch.no_grad():
                for X, label in self.test_dataloader:
                    pred_y = self.net(X)
                    y = torch.full((len(label), 10), -1, dtype=torch.float32)
                    y.scatter_(1, label.unsqueeze(1), 1)
                    loss = self.loss_fn(pred_y, y)
                    loss_test += loss.item()
                    pred_label = (pred_y).argmax(dim=1)
                    acc_test += (pred_label == label).sum().item() / len(label)
                    digits += len(label)
                    if (spent := time.perf_counter() - start) >= seconds:
                        return digits, spent
