"""PyTorch as fast as we could make it, on a CPU or a CUDA device, for the same networks and update.

- The digits are float32 tensors in the device's memory, borders included; a step gathers its shuffled
  batch.
- The sparse convolution is one dense convolution whose absent weights are zero: they start as zero
  and a step multiplies that one gradient by the mask, so they stay zero. Inference pays nothing for
  the mask. The dense convolution computes 96 kernels where LeNet-5's table has 60, and 48 where
  LeNet-1's has 20.
- Weights in channels-last order and the fused SGD; contiguous order and the foreach SGD came out
  within 10 % of these, in either direction.
- Nothing is read back inside an epoch.
- On a CUDA device `graph` and `compiled` are CUDA graphs of a whole step, from the gathering of the
  batch to the update, so that the host starts one thing a step. TF32 is as PyTorch
  has it by default: off for matrix products, on for the convolutions of cuDNN.

Shapes: B batch, C input maps, M feature maps.
"""

import time

import torch
from torch import nn
from torch.nn import functional as F

from digits import TABLE_1990, TABLE_I, tensors

LEARNING_RATE = 0.01
BORDER = {"lenet1": 0, "lenet5": 2}


class Pool(nn.Module):
    """Weighted 2x2 pooling: [B, C, H, W] -> [B, C, H / 2, W / 2]; `divisor` 1 sums, 4 averages."""

    def __init__(self, maps: int, divisor: int):
        super().__init__()
        self.divisor = divisor
        self.weight = nn.Parameter(torch.full((maps, 1, 1), divisor / 4))
        self.bias = nn.Parameter(torch.zeros(maps, 1, 1))

    def forward(self, x):
        pooled = F.avg_pool2d(x, 2, divisor_override=self.divisor)
        return torch.addcmul(self.bias, pooled, self.weight)


class LeNet(nn.Module):
    """[B, 1, H, W] -> [B, 10]"""

    def __init__(self, network: str):
        super().__init__()
        five = network == "lenet5"
        maps, table, divisor = (6, TABLE_I, 1) if five else (4, TABLE_1990, 4)
        self.sparse = nn.Conv2d(maps, len(table), 5)
        self.mask = torch.zeros_like(self.sparse.weight)
        for m, row in enumerate(table):
            self.mask[m, row] = 1
        with torch.no_grad():
            self.sparse.weight *= self.mask
        units = [400, 120, 84, 10] if five else [192, 10]
        self.layers = nn.Sequential(
            nn.Conv2d(1, maps, 5), nn.Tanh(),
            Pool(maps, divisor), nn.Tanh(),
            self.sparse, nn.Tanh(),
            Pool(len(table), divisor), nn.Tanh(),
            nn.Flatten(),
        )  # fmt: skip
        for count, following in zip(units, units[1:]):
            self.layers.extend([nn.Linear(count, following), nn.Tanh()])

    def forward(self, x):
        return self.layers(x)


class Best:
    """A network, its digits and its step; the form is `eager`, `graph` or `compiled`."""

    def __init__(self, network: str, batch: int, form: str, device: str):
        self.batch, self.device = batch, device
        border = BORDER[network]
        self.inputs, self.targets, _ = (t.to(device) for t in tensors("train", border))
        self.test_inputs, self.test_targets, self.test_labels = (
            t.to(device) for t in tensors("t10k", border)
        )
        self.net = LeNet(network).to(device, memory_format=torch.channels_last)
        self.net.mask = self.net.mask.to(device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(
            self.net.parameters(), lr=LEARNING_RATE, momentum=0.9, fused=True
        )
        self.total = torch.zeros((), device=device)
        self.step, self.step_of, self.forward = self.one_step, self.chosen_step, self.net
        if form == "compiled":
            self.step = torch.compile(self.one_step, dynamic=False)
            self.forward = torch.compile(self.net, dynamic=False)
        if device == "cuda" and form != "eager":
            self.step_of = graph(self.chosen_step, torch.arange(batch, device=device))
            with torch.inference_mode():
                self.forward = graph(self.forward, self.test_inputs[:batch].clone())

    def one_step(self, inputs, targets):
        """Inputs, [B, 1, H, W], and targets, [B, 10] -> the loss of the batch."""
        loss = F.mse_loss(self.net(inputs), targets)
        loss.backward()
        self.net.sparse.weight.grad.mul_(self.net.mask)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.detach()

    def chosen_step(self, chosen):
        """A step on the digits of these numbers, [B]; adds its loss to the epoch's."""
        inputs = self.inputs.index_select(0, chosen)
        self.total += self.step(inputs, self.targets.index_select(0, chosen))

    def training(self, seconds: float) -> tuple[int, float]:
        """Trains for about `seconds`; returns the digits and the seconds that they took."""
        start, digits = time.perf_counter(), 0
        while True:
            self.total.zero_()
            order = torch.randperm(len(self.inputs), device=self.device)
            for chosen in order[: len(order) // self.batch * self.batch].split(self.batch):
                self.step_of(chosen)
                digits += self.batch
                if self.wait(digits, start) >= seconds:
                    return digits, time.perf_counter() - start

    @torch.inference_mode()
    def inference(self, seconds: float) -> tuple[int, float]:
        """As `training`, with forward passes over the test digits; loss and errors once a pass."""
        start, digits = time.perf_counter(), 0
        while True:
            scores = []
            whole = len(self.test_inputs) // self.batch * self.batch
            for inputs in self.test_inputs[:whole].split(self.batch):
                scores.append(self.answer(inputs))
                digits += self.batch
                if self.wait(digits, start) >= seconds:
                    break
            scores = torch.cat(scores)
            F.mse_loss(scores, self.test_targets[: len(scores)])
            (scores.argmax(1) != self.test_labels[: len(scores)]).sum().item()
            if (spent := time.perf_counter() - start) >= seconds:
                return digits, spent

    def answer(self, inputs):
        """Inputs, [B, 1, H, W] -> scores, [B, 10]; copied, since a graph overwrites them."""
        scores = self.forward(inputs)
        return scores if self.device == "cpu" else scores.clone()

    def wait(self, digits: int, start: float) -> float:
        """Seconds since the start; a CUDA device works behind the host, so it is waited for first,
        every 256 steps."""
        if self.device == "cuda":
            if digits // self.batch % 256:
                return 0
            torch.cuda.synchronize()
        return time.perf_counter() - start


def graph(work, example):
    """`work` on a tensor like `example`, recorded as a CUDA graph."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(5):
            work(example)
    torch.cuda.current_stream().wait_stream(aside)
    recorded = torch.cuda.CUDAGraph()
    with torch.cuda.graph(recorded):
        result = work(example)

    def replay(argument):
        example.copy_(argument)
        recorded.replay()
        return result

    return replay
