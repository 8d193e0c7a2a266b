#!/usr/bin/env python3
"""Trains LeNet from a program alone: a second executor, in Python, of what `lenet plan --json` prints.

    pip install wgpu
    lenet plan --network lenet1 --json --replay 20 > program.json
    python examples/replay.py program.json

A program lists buffers, kernels (WGSL) and the dispatches of each pass; a replay adds first weights, data set,
indices and step table, and the CRC-32 of the parameters after its last step. Nothing here knows a layer, a loss
or an optimizer: all of that is in the program. Where a batch has two replicas, two devices each compute the
gradients of their shard and exchange them before both apply the same step.
"""

import json
import sys
import zlib
from array import array

import wgpu


def bytes_of(start, words):
    """What a buffer holds at the start; None where that is zero."""
    if start == "zero":
        return None
    if "fill" in start:
        return array("f", [start["fill"]] * words).tobytes()
    return array("I", start["words"]).tobytes().ljust(4 * words, b"\0")


class Replica:
    """One device with all buffers, and the passes that it carries out."""

    def __init__(self, program, commands):
        adapter = wgpu.gpu.request_adapter_sync(power_preference="high-performance")
        self.device = adapter.request_device_sync()
        self.buffers = [self.buffer(spec) for spec in program["buffers"]]
        self.kernels = program["kernels"]
        self.pipelines = {}
        self.commands = commands

    def buffer(self, spec):
        usage = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.UNIFORM
        usage |= wgpu.BufferUsage.COPY_SRC | wgpu.BufferUsage.COPY_DST
        buffer = self.device.create_buffer(size=4 * spec["words"], usage=usage)
        contents = bytes_of(spec["start"], spec["words"])
        if contents is not None:
            self.device.queue.write_buffer(buffer, 0, contents)
        return buffer

    def pipeline(self, index):
        """Layout and pipeline of a kernel, compiled when they are first asked for."""
        if index not in self.pipelines:
            kernel = self.kernels[index]
            entries = [
                {"binding": n, "visibility": wgpu.ShaderStage.COMPUTE, "buffer": {"type": binding["type"]}}
                for n, binding in enumerate(kernel["bindings"])
            ]
            layout = self.device.create_bind_group_layout(entries=entries)
            compute = {
                "module": self.device.create_shader_module(code=kernel["wgsl"]),
                "entry_point": kernel["entry_point"],
                "constants": kernel["constants"],
            }
            pipeline = self.device.create_compute_pipeline(
                layout=self.device.create_pipeline_layout(bind_group_layouts=[layout]),
                compute=compute,
            )
            self.pipelines[index] = layout, pipeline
        return self.pipelines[index]

    def piece(self, view):
        """A view in bytes; a uniform array is a whole number of vec4s."""
        words = -(-view["words"] // 4) * 4 if view["uniform"] else view["words"]
        return {"buffer": self.buffers[view["buffer"]], "offset": 4 * view["offset"], "size": 4 * words}

    def bind(self, dispatch):
        """Pipeline, bind group and workgroups of a dispatch."""
        layout, pipeline = self.pipeline(dispatch["kernel"])
        entries = [{"binding": n, "resource": self.piece(view)} for n, view in enumerate(dispatch["views"])]
        group = self.device.create_bind_group(layout=layout, entries=entries)
        return pipeline, group, self.kernels[dispatch["kernel"]]["workgroups"]

    def run(self, launches):
        encoder = self.device.create_command_encoder()
        commands = encoder.begin_compute_pass()
        for pipeline, group, workgroups in launches:
            commands.set_pipeline(pipeline)
            commands.set_bind_group(0, group)
            commands.dispatch_workgroups(workgroups)
        commands.end()
        self.device.queue.submit([encoder.finish()])

    def write(self, port, numbers, kind="I"):
        self.device.queue.write_buffer(self.buffers[port], 0, array(kind, numbers))

    def read(self, port, offset, size):
        return bytes(self.device.queue.read_buffer(self.buffers[port], offset, size))


def exchange(replicas, rows):
    """Gives every replica the rows of the others (all-reduce; the sum is taken on the devices)."""
    size = 4 * rows["row"]
    for row, owner in enumerate(rows["owners"]):
        data = replicas[owner].read(rows["buffer"], row * size, size)
        for replica in replicas:
            replica.device.queue.write_buffer(replica.buffers[rows["buffer"]], row * size, data)


def main(path):
    program = json.load(open(path))
    replay, ports = program["replay"], program["interface"]["ports"]
    totals = 4 * program["interface"]["batch"]
    replicas = [Replica(program, commands) for commands in program["replicas"]]
    for replica in replicas:
        replica.write(ports["data_set"], replay["data_set"])
        replica.write(ports["parameters"], replay["parameters"], "f")
    for phase in replay["phases"]:
        steps = []
        for replica in replicas:
            replica.write(ports["indices"], phase["indices"])
            replica.write(ports["step_table"], phase["step_table"])
            replica.write(ports["cursor"], [0])
            replica.write(ports["totals"], [0.0] * totals, "f")
            lists = replica.commands[phase["pass"]]
            bound = {part: [replica.bind(dispatch) for dispatch in lists[part]] for part in lists}
            steps.append((replica, bound))
        for _ in range(phase["count"]):
            for replica, bound in steps:
                replica.run(bound["compute"])
            if program["exchange"]:
                exchange(replicas, program["exchange"])
                for replica, bound in steps:
                    replica.run(bound["apply"])
    found = zlib.crc32(replicas[0].read(ports["parameters"], 0, 4 * len(replay["parameters"])))
    same = "the same bits" if found == replay["crc32"] else f"lenet has {replay['crc32']:08x}"
    print(f"{program['network']}, {program['plan']}: parameters {found:08x}, {same}")
    return found == replay["crc32"]


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1]) else 1)
