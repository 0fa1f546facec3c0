"""I3D weights as JAX programs save them: a pickle of nested dicts of NumPy arrays, with TensorFlow's names and axis order."""

import pickle

import numpy as np
import torch

BRANCHES = {
    "b0": "Branch_0/Conv3d_0a_1x1", "b1a": "Branch_1/Conv3d_0a_1x1", "b1b": "Branch_1/Conv3d_0b_3x3",
    "b2a": "Branch_2/Conv3d_0a_1x1", "b2b": "Branch_2/Conv3d_0b_3x3", "b3b": "Branch_3/Conv3d_0b_1x1",
}
LEAVES = {
    "conv3d.weight": ("params", "Conv_0", "kernel"), "conv3d.bias": ("params", "Conv_0", "bias"),
    "bn.weight": ("params", "BatchNorm_0", "scale"), "bn.bias": ("params", "BatchNorm_0", "bias"),
    "bn.running_mean": ("batch_stats", "BatchNorm_0", "mean"), "bn.running_var": ("batch_stats", "BatchNorm_0", "var"),
}


def place(name):
    """The keys, from the collection to the array, of the tensor with this PyTorch name."""
    unit, leaf = name.rsplit(".", 2)[0], ".".join(name.rsplit(".", 2)[1:])
    collection, layer, array = LEAVES[leaf]
    module, _, branch = unit.partition(".")
    if unit == "logits":
        return [collection, "Logits/Conv3d_0c_1x1", layer, array]
    return [collection, module, *([BRANCHES[branch]] if branch else []), layer, array]


def save(state, path):
    tree = {"params": {}, "batch_stats": {}}
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            continue
        *keys, last = place(name)
        inner = tree
        for key in keys:
            inner = inner.setdefault(key, {})
        values = tensor.numpy()
        inner[last] = np.ascontiguousarray(values.transpose(2, 3, 4, 1, 0)) if values.ndim == 5 else values
        if last in ("mean", "var"):
            inner[last] = values.reshape(1, 1, 1, 1, -1)
    with open(path, "wb") as file:
        pickle.dump(tree, file, protocol=4)


class NumPyUnpickler(pickle.Unpickler):
    """Unpickles NumPy arrays and refuses everything else."""

    def find_class(self, module, name):
        if (module.removeprefix("numpy.").replace("_core", "core"), name) in (
                ("core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")):
            return {"_reconstruct": np.ndarray.__reduce__(np.zeros(0))[0], "ndarray": np.ndarray, "dtype": np.dtype}[name]
        raise pickle.UnpicklingError(f"{module}.{name} is not part of a NumPy array")


def load(model, path):
    """Loads a checkpoint into a published I3D; missing batch-norm scales are 1."""
    with open(path, "rb") as file:
        tree = NumPyUnpickler(file).load()
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        values = tree
        for key in place(name):
            values = values.get(key) if values is not None else None
        if values is None and name.endswith("bn.weight"):
            tensor.fill_(1)
            continue
        if values.ndim == 5 and name.endswith("conv3d.weight"):
            values = values.transpose(4, 3, 0, 1, 2)
        tensor.copy_(torch.from_numpy(np.ascontiguousarray(values).reshape(tuple(tensor.shape))))
    return model.eval()
