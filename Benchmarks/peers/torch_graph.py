"""Runs an ONNX graph of the few operators that I3D with a Non-Local block needs on PyTorch."""

import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


class TorchGraph:
    def __init__(self, path, kind):
        graph = onnx.load(path).graph
        self.nodes = [(node, self.attributes(node)) for node in graph.node]
        self.values = {"": None}
        for constant in graph.initializer:
            self.values[constant.name] = self.tensor(numpy_helper.to_array(constant), kind)
        for node, attributes in self.nodes:
            if node.op_type == "Constant":
                self.values[node.output[0]] = self.tensor(numpy_helper.to_array(attributes["value"]), kind)
        self.input = next(value.name for value in graph.input if value.name not in self.values)
        self.output = graph.output[0].name

    @staticmethod
    def attributes(node):
        return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}

    @staticmethod
    def tensor(array, kind):
        tensor = torch.from_numpy(array.copy())
        if not tensor.is_floating_point():
            return tensor
        tensor = tensor.to(kind)
        return tensor.contiguous(memory_format=torch.channels_last_3d) if tensor.dim() == 5 else tensor

    def __call__(self, clip):
        values = dict(self.values)
        values[self.input] = clip
        for node, attributes in self.nodes:
            if node.op_type != "Constant":
                inputs = [values[name] for name in node.input]
                values[node.output[0]] = getattr(self, node.op_type)(attributes, *inputs)
        return values[self.output]

    @staticmethod
    def padding(attributes, rank):
        """What must be padded beforehand, in PyTorch's order, and the symmetric rest that a layer takes itself."""
        pads = attributes.get("pads", [0] * 2 * rank)
        front, back = pads[:rank], pads[rank:]
        if front == back:
            return None, front
        return [side for pair in zip(reversed(front), reversed(back)) for side in pair], [0] * rank

    def Conv(self, attributes, x, weight, bias=None):
        rank = weight.dim() - 2
        explicit, padding = self.padding(attributes, rank)
        x = F.pad(x, explicit) if explicit else x
        return F.conv3d(x, weight, bias, attributes.get("strides", [1] * rank), padding)

    def MaxPool(self, attributes, x):
        rank = x.dim() - 2
        explicit, padding = self.padding(attributes, rank)
        x = F.pad(x, explicit, value=float("-inf")) if explicit else x
        return F.max_pool3d(x, attributes["kernel_shape"], attributes.get("strides"), padding)

    def AveragePool(self, attributes, x):
        # PyTorch has no bfloat16 average pool on CPUs.
        return F.avg_pool3d(x.float(), attributes["kernel_shape"], attributes.get("strides")).to(x.dtype)

    def Gemm(self, attributes, a, b, c=None):
        a = a.mT if attributes.get("transA") else a
        b = b.mT if attributes.get("transB") else b
        return a @ b if c is None else a @ b + c

    def Reshape(self, attributes, x, shape):
        return x.reshape([x.shape[axis] if size == 0 else size for axis, size in enumerate(shape.tolist())])

    def ReduceMean(self, attributes, x, axes=None):
        axes = attributes["axes"] if axes is None else axes.tolist()
        return x.mean(axes, keepdim=bool(attributes.get("keepdims", 1)))

    def Squeeze(self, attributes, x, axes):
        return x.squeeze(tuple(axes.tolist()))

    def Transpose(self, attributes, x):
        return x.permute(attributes["perm"])

    def Softmax(self, attributes, x):
        return x.softmax(attributes.get("axis", -1))

    def Concat(self, attributes, *parts):
        return torch.cat(parts, attributes["axis"])

    def Flatten(self, attributes, x):
        return x.flatten(attributes.get("axis", 1))

    def Relu(self, attributes, x):
        return x.relu_()

    def MatMul(self, attributes, a, b):
        return a @ b

    def Add(self, attributes, a, b):
        return a + b
