"""One training step of the student in plain PyTorch, as a process that runs a step on request.

    train_step.py PRECISION THREADS [--frames 64] [--size 224] [--batch 1] [--device cpu] [--memory channels-last]

Says "ready VERSION", then runs a step for every line it reads and prints its seconds; at the end the most memory it held.
The network is the one of Tests/PyTorchParity; `adl-train bench --serve` speaks the same way. Runs on PyTorch 1.13 and newer.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests" / "PyTorchParity"))
from student import Student  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("precision", choices=["f32", "bf16"])
    parser.add_argument("threads", type=int)
    parser.add_argument("--frames", type=int, default=64)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--memory", choices=["channels-last", "contiguous"], default="channels-last")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    layout = torch.channels_last_3d if options.memory == "channels-last" else torch.contiguous_format
    model = Student(31, frames=options.frames).to(options.device, memory_format=layout).train()
    dropout = nn.Dropout(0.5)
    model.logits.register_forward_pre_hook(lambda module, inputs: dropout(inputs[0]))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9, nesterov=True, weight_decay=1e-7)
    loss_function = nn.CrossEntropyLoss()
    clips = torch.rand(options.batch, 3, options.frames, options.size, options.size, device=options.device) * 2 - 1
    clips = clips.contiguous(memory_format=layout)
    labels = torch.arange(options.batch, device=options.device) % 31
    kind = torch.device(options.device).type

    def step():
        begin = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(kind, torch.bfloat16, enabled=options.precision == "bf16"):
            loss = loss_function(model(clips), labels)
        loss.backward()
        optimizer.step()
        if kind == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - begin

    for _ in range(2):
        step()
    print("ready", torch.__version__, flush=True)
    for _ in sys.stdin:
        print(f"{step():.6f}", flush=True)
    peak = torch.cuda.max_memory_reserved() if kind == "cuda" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    print("peak", peak, flush=True)


if __name__ == "__main__":
    main()
