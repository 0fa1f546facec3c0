"""I3D of an ONNX graph in continual-inference's layers, which take one frame at a time and keep what the next ones need.

The library has no attention over space and time that works on a stream, so the Non-Local block is left out; a head on the mean
of the last step follows the convolutions at once. The layers pad time only where the stream begins."""

import continual as co
import torch
import torch.nn.functional as F

from torch_graph import TorchGraph


class ContinualGraph:
    FRAMES = 8  # what a window adds at adl's usual hop

    def __init__(self, path):
        self.graph = TorchGraph(path, torch.float32)
        self.consumers = {}
        for node, attributes in self.graph.nodes:
            for name in node.input:
                self.consumers.setdefault(name, []).append((node, attributes))
        modules, _ = self.chain(self.graph.input)
        self.trunk = co.Sequential(*modules).eval()
        head = next(node for node, _ in reversed(self.graph.nodes) if node.op_type == "Conv")
        self.weight, self.bias = (self.graph.values[name] for name in head.input[1:])
        self.step = None

    def chain(self, value):
        """Modules from a value on, to the Non-Local block or to the Concat that ends a branch, and that Concat."""
        modules = []
        while True:
            following = self.consumers[value]
            operations = {node.op_type for node, _ in following}
            if not operations <= {"Conv", "MaxPool", "Relu", "Concat"}:
                return modules, None
            if len(following) > 1:
                branches = [self.branch(node, attributes) for node, attributes in following]
                concat = branches[0][1]
                order = {name: index for index, name in enumerate(concat.input)}
                branches.sort(key=lambda branch: order[branch[2]])
                modules.append(co.BroadcastReduce(*(co.Sequential(*branch[0]) for branch in branches), reduce="concat"))
                value = concat.output[0]
                continue
            node, attributes = following[0]
            if node.op_type == "Concat":
                return modules, (node, value)
            modules += self.layer(node, attributes)
            value = node.output[0]

    def branch(self, node, attributes):
        rest, (concat, value) = self.chain(node.output[0])
        return self.layer(node, attributes) + rest, concat, value

    def layer(self, node, attributes):
        if node.op_type == "Relu":
            return [co.Lambda(torch.relu)]
        stride = attributes.get("strides", [1, 1, 1])
        pads = attributes.get("pads", [0] * 6)
        before, after = pads[:3], pads[3:]
        if node.op_type == "MaxPool":
            space = [before[2], after[2], before[1], after[1]]
            pool = co.MaxPool3d(attributes["kernel_shape"], stride, (before[0], 0, 0), temporal_fill="neg_inf")
            # All values are at least 0 behind a ReLU, so zeros do.
            return [co.Lambda(lambda x: F.pad(x, space)), pool]
        weight = self.graph.values[node.input[1]]
        space, modules = (before[1], before[2]), []
        if before[1:] != after[1:]:
            sides = [before[2], after[2], before[1], after[1]]
            modules, space = [co.Lambda(lambda x: F.pad(x, sides))], (0, 0)
        layer = co.Conv3d(
            weight.shape[1], weight.shape[0], tuple(weight.shape[2:]), tuple(stride), (before[0], *space), bias=len(node.input) > 2)
        layer.weight.data = weight
        if len(node.input) > 2:
            layer.bias.data = self.graph.values[node.input[2]]
        return modules + [layer]

    def __call__(self, clip):
        """Takes in the clip's last frames; logits of the newest step, which earlier frames may have completed."""
        self.take(clip[:, :, -self.FRAMES:])
        return F.linear(self.step.mean((2, 3)), self.weight.flatten(1), self.bias)

    def take(self, frames):
        for frame in frames.unbind(2):
            step = self.trunk.forward_step(frame)
            if isinstance(step, torch.Tensor):
                self.step = step
