"""The student's training step in plain PyTorch: what the time of `adl-train bench` is compared with.

    train_step.py [--frames 64] [--size 224] [--batch 1] [--classes 31] [--width 1] [--precision f32|bf16]
                  [--device cpu] [--threads 2] [--rounds 5 | --serve]

Forward with dropout and cross-entropy, backward, one step of SGD with Nesterov momentum; channels-last memory. Prints
one JSON line a round with the milliseconds of each part, then one with the most memory ever held. With --serve it
speaks like `adl-train bench --serve`, for comparisons that take turns: says "ready", for every line it reads runs a
step and prints its seconds, and at the end of input says "peak" and the bytes. Runs on PyTorch 1.13 and later.
"""

import argparse
import json
import os
import resource
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "Tests" / "PyTorchParity"))

from student import Student


class TrainingStep:
    """Holds network, optimiser and one made-up batch; every call trains one step on it."""

    def __init__(self, options):
        torch.manual_seed(1)
        self.device = torch.device(options.device)
        self.precision = options.precision
        model = Student(options.classes, options.frames, width=options.width)
        model.logits.register_forward_pre_hook(
            lambda layer, inputs: (F.dropout(inputs[0], 0.5, layer.training),))
        self.model = model.to(self.device, memory_format=torch.channels_last_3d).train()
        self.optimizer = torch.optim.SGD(
            model.parameters(), lr=0.001, momentum=0.9, nesterov=True, weight_decay=1e-7)
        clips = torch.rand(options.batch, 3, options.frames, options.size, options.size) * 2 - 1
        self.clips = clips.to(self.device).contiguous(memory_format=torch.channels_last_3d)
        self.labels = torch.arange(options.batch, device=self.device) % options.classes

    def __call__(self):
        """Seconds of forward, backward and update."""
        times = [time.perf_counter()]
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            loss = F.cross_entropy(self.model(self.clips), self.labels)
        times.append(self.now())
        loss.backward()
        times.append(self.now())
        self.optimizer.step()
        times.append(self.now())
        return [end - begin for begin, end in zip(times, times[1:])]

    def now(self):
        """The time when everything asked for is computed."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def peak_bytes(self):
        """Most bytes the GPU, or this process, ever held."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated(self.device)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=64)
    parser.add_argument("--size", type=int, default=224, help="height and width in pixels")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--classes", type=int, default=31)
    parser.add_argument("--width", type=float, default=1.0, help="factor on every layer's channels")
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--device", default="cpu", help="cpu or cuda[:n]")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", action="store_true", help="one step for every line of standard input")
    return parser.parse_args()


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    step = TrainingStep(options)
    # The first steps make kernels and fill caches.
    for _ in range(2):
        step()
    if options.serve:
        print("ready", flush=True)
        for _ in sys.stdin:
            print(f"{sum(step()):.6f}", flush=True)
        print("peak", step.peak_bytes(), flush=True)
        return
    for index in range(options.rounds):
        forward, backward, update = (1000 * seconds for seconds in step())
        print(json.dumps({
            "round": index, "precision": options.precision, "forward_ms": round(forward, 3),
            "backward_ms": round(backward, 3), "update_ms": round(update, 3),
            "step_ms": round(forward + backward + update, 3)}), flush=True)
    print(json.dumps({
        "torch": torch.__version__, "device": options.device, "threads": options.threads,
        "peak_bytes": step.peak_bytes()}))


if __name__ == "__main__":
    main()
