#!/usr/bin/env python3
"""Trains the demo model: a narrow student on the synthetic camera's scenes.

The scenes show a drawn figure that walks, sits, waves, bends, lies or is away, so the model recognises those and
nothing real. Each training scene has its own seed; the scenes it is judged by have others. Needs torch and numpy.

    swift build -c release --product adl && swift build -c release --product camera-probe
    Models/train_demo.py .build/release
"""

import os
import random
import subprocess
import sys
import tempfile

import numpy as np
import torch
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Tests/PyTorchParity"))
from student import Student  # noqa: E402

# The script's words and the labels they stand for; `background` is no activity.
LABELS = {"empty": "background", "walk": "Walk", "sit": "Sit", "wave": "Wave", "bend": "Bend", "lie": "Lie"}
RATE, FRAMES, SIZE, WIDTH = 15, 32, 112, 0.25
SCENES, SECONDS, STEPS, BATCH = 64, 40, 700, 12


def scene(seed, programs, folder):
    """Frames [T, S, S, 3] of one scene and the activity of each."""
    order = random.Random(seed)
    script, left = [], SECONDS
    while left > 0:
        length = min(left, order.choice([3, 4, 5, 6]))
        script.append((order.choice([w for w in LABELS if not script or w != script[-1][0]]), length))
        left -= length
    text = ",".join(f"{word}:{length}" for word, length in script)
    raw = f"{folder}/scene.rgb"
    if os.path.exists(raw):
        os.remove(raw)
    subprocess.run(
        [f"{programs}/camera-probe", f"synthetic:{seed}?rate={RATE}&size=320x240&pace=fastest&script={text}",
         "--frames", str(SECONDS * RATE), "--raw", raw], check=True, stdout=subprocess.DEVNULL)
    frames = torch.from_numpy(np.fromfile(raw, np.uint8).reshape(-1, 240, 320, 3))
    small = F.interpolate(frames.permute(0, 3, 1, 2).float(), size=(SIZE, SIZE), mode="area")
    truth = [list(LABELS).index(word) for word, length in script for _ in range(length * RATE)]
    return small.round().to(torch.uint8), torch.tensor(truth)


def clip(scene, order):
    """A window, varied in colour and direction, and what its middle shows."""
    frames, truth = scene
    while True:
        start = order.randrange(len(frames) - FRAMES)
        middle = start + FRAMES // 2
        if truth[middle - 4] == truth[middle + 4]:
            break
    window = frames[start:start + FRAMES].permute(1, 0, 2, 3).float() / 127.5 - 1
    if order.random() < 0.5:
        window = window.flip(3)
    window = window[order.sample(range(3), 3)] * order.uniform(0.7, 1.1) + order.uniform(-0.2, 0.2)
    return window.clamp(-1, 1), truth[middle]


def main():
    programs = sys.argv[1]
    torch.manual_seed(1)
    order = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        scenes = [scene(1000 + index, programs, folder) for index in range(SCENES)]
        model = Student(len(LABELS), frames=FRAMES, width=WIDTH)
        for module in model.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.momentum = 0.05
        torch.nn.init.zeros_(model.fuse_att_fc.W[1].weight)
        optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=STEPS)
        for step in range(STEPS):
            clips = [clip(order.choice(scenes), order) for _ in range(BATCH)]
            x, y = torch.stack([c[0] for c in clips]), torch.stack([c[1] for c in clips])
            loss = F.cross_entropy(model(x), y, label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 10)
            optimizer.step()
            schedule.step()
            if step % 50 == 0 or step == STEPS - 1:
                print(f"step {step}: loss {loss.item():.3f}", flush=True)

        model.eval()
        right = total = 0
        with torch.no_grad():
            for index in range(8):
                frames, truth = scene(5000 + index, programs, folder)
                for start in range(0, len(frames) - FRAMES, 8):
                    window = frames[start:start + FRAMES].permute(1, 0, 2, 3)[None].float() / 127.5 - 1
                    right += int(model(window).argmax() == truth[start + FRAMES // 2])
                    total += 1
        accuracy = f"{right / total:.3f} of {total} windows of 8 unseen scenes"
        print("right:", accuracy)
        torch.save(model.state_dict(), f"{folder}/demo.pt")
        with open(f"{folder}/labels.txt", "w") as labels:
            labels.write("\n".join(LABELS.values()) + "\n")
        here = os.path.dirname(os.path.abspath(__file__))
        subprocess.run(
            [f"{programs}/adl", "model", "import", f"{folder}/demo.pt", "--labels", f"{folder}/labels.txt",
             "--size", str(SIZE), "--precision", "f16", "--name", "demo", "--out", f"{here}/demo.safetensors",
             "--training", f"synthetic camera scenes only (Models/train_demo.py); top-1 {accuracy}"], check=True)


main()
