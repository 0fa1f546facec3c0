#!/usr/bin/env python3
"""Writes the checkpoints in this folder with PyTorch's torch.save; run it again only to add another kind.

nested-zip.pt and nested-legacy.pt hold the same training checkpoint, plain-zip.pt a bare state dictionary, numpy.ckpt
nested dictionaries of NumPy arrays. training-*.pt hold what training loops save besides tensors, module.pt a whole module,
numpy-*.pkl arrays; the number is the pickle protocol.
Element i of every tensor is (7 * i mod 23) / 4 - 2, exact in every type; views are views of such a tensor.

    Tests/ModelFileTests/Fixtures/make_fixtures.py [FOLDER]
"""

import argparse
import pickle
import sys
from collections import Counter, OrderedDict, defaultdict
from pathlib import Path

import numpy as np
import torch


def formula(*shape, dtype=torch.float32):
    count = torch.Size(shape).numel()
    return ((torch.arange(count) * 7 % 23) / 4 - 2).reshape(shape).to(dtype)


def views():
    base = formula(4, 6)
    state = OrderedDict(
        plain=formula(2, 3), transposed=base.t(), window=base[1:3, 2:5], column=base[:, 4], half=formula(3, dtype=torch.half),
        bfloat=formula(2, 2, dtype=torch.bfloat16), double=formula(5, dtype=torch.double),
        counter=torch.tensor(70000), empty=torch.zeros(0, 4), parameter=torch.nn.Parameter(formula(2)),
        channels=formula(1, 2, 2, 2, 2).contiguous(memory_format=torch.channels_last_3d))
    state._metadata = OrderedDict({"": {"version": 1}})
    return state


folder = Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
folder = folder if folder.is_dir() else folder.parent
nested = {
    "epoch": 12, "loss": 0.25, "best": None, "done": True, "lists": [1, -5, 2**40, "text"],
    "optimizer": {"state": {0: {"momentum_buffer": formula(2)}}, "param_groups": [{"lr": 0.1}]},
    "state_dict": views(),
}
torch.save(nested, folder / "nested-zip.pt")
torch.save(nested, folder / "nested-legacy.pt", _use_new_zipfile_serialization=False)
torch.save(OrderedDict(first=formula(2, 3), second=formula(4)), folder / "plain-zip.pt")

unit = {
    "Conv_0": {"kernel": formula(2, 1, 1, 3, 4).numpy()},
    "BatchNorm_0": {"bias": formula(4).numpy(), "scale": formula(4, dtype=torch.half).numpy()},
}
arrays = {
    "params": {
        "Conv3d_1a_7x7": unit, "Mixed_5b": {"Branch_2/Conv3d_0a_3x3": {"Conv_0": {"kernel": formula(1, 1, 1, 2, 2).numpy()}}},
        "Logits/Conv3d_0c_1x1": {"Conv_0": {"bias": formula(3, dtype=torch.double).numpy()}},
        "fortran": np.asfortranarray(formula(2, 3, 2).numpy()), "counter": np.array(70000), "empty": np.zeros((0, 4), np.float32),
    },
    "batch_stats": {"Conv3d_1a_7x7": {"BatchNorm_0": {"mean": formula(1, 1, 1, 1, 4).numpy()}}},
    "epoch": 12,
}
with open(folder / "numpy.ckpt", "wb") as file:
    pickle.dump(arrays, file, protocol=4)

module = torch.nn.Sequential(OrderedDict(stem=torch.nn.Linear(3, 2)))
module.load_state_dict({"stem.weight": formula(2, 3), "stem.bias": formula(2)})
optimizer = torch.optim.AdamW(module.parameters(), 0.1)
module(torch.ones(1, 3)).sum().backward()
optimizer.step()
module.load_state_dict({"stem.weight": formula(2, 3), "stem.bias": formula(2)})
training = {
    "args": argparse.Namespace(lr=0.1, layers=[1, 2], path=Path("runs")), "best": np.float64(0.9), "step": np.int64(7),
    "counter": Counter("abca"), "set": {1, 2}, "frozen": frozenset("ab"), "big": 2**80, "bytes": b"\xff\x00", "loss": float("nan"),
    "losses": [float(i) for i in range(300)], "pairs": [(i, i / 2) for i in range(50)], "text": "x" * 2000,
    "words": np.array(["a", "b"]), "complex": torch.zeros(2, dtype=torch.complex64), "expanded": torch.zeros(1).expand(4),
    "short": torch.zeros(2, dtype=torch.int16), "big_endian": np.zeros(2, ">f4"), "default": defaultdict(list, a=[1]),
    "optimizer": optimizer.state_dict(), "state_dict": module.state_dict(),
}
torch.save(training, folder / "training-zip.pt")
for version in (1, 3, 4, 5):
    torch.save(
        training, folder / f"training-legacy-{version}.pt", pickle_protocol=version, _use_new_zipfile_serialization=False)
torch.save({"epoch": 3, "model": module}, folder / "module.pt")
for version in range(6):
    with open(folder / f"numpy-{version}.pkl", "wb") as file:
        state = {key: value.numpy() for key, value in module.state_dict().items()}
        pickle.dump({**state, "epoch": np.int64(3)}, file, protocol=version)
