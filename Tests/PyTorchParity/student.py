"""The student in plain PyTorch, with the published tensor names; the reference for adl."""

import torch
from torch import nn
from torch.nn import functional as F

MIXED = {
    "3b": (64, 96, 128, 16, 32, 32), "3c": (128, 128, 192, 32, 96, 64),
    "4b": (192, 96, 208, 16, 48, 64), "4c": (160, 112, 224, 24, 64, 64), "4d": (128, 128, 256, 24, 64, 64),
    "4e": (112, 144, 288, 32, 64, 64), "4f": (256, 160, 320, 32, 128, 128),
    "5b": (256, 160, 320, 32, 128, 128), "5c": (384, 192, 384, 48, 128, 128),
}
POOLS = {"4b": ((3, 3, 3), (2, 2, 2)), "5b": ((2, 2, 2), (2, 2, 2))}


def pad_same(x, kernel, stride):
    pads = []
    for size, k, s in zip(reversed(x.shape[2:]), reversed(kernel), reversed(stride)):
        total = max(k - (s if size % s == 0 else size % s), 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


class Unit3D(nn.Module):
    def __init__(self, inputs, outputs, kernel=(1, 1, 1), stride=(1, 1, 1), plain=False):
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.conv3d = nn.Conv3d(inputs, outputs, kernel, stride, bias=plain)
        if not plain:
            self.bn = nn.BatchNorm3d(outputs, eps=1e-3, momentum=0.01)

    def forward(self, x):
        x = self.conv3d(pad_same(x, self.kernel, self.stride))
        return F.relu(self.bn(x)) if hasattr(self, "bn") else x


class Mixed(nn.Module):
    def __init__(self, inputs, c):
        super().__init__()
        self.b0 = Unit3D(inputs, c[0])
        self.b1a, self.b1b = Unit3D(inputs, c[1]), Unit3D(c[1], c[2], (3, 3, 3))
        self.b2a, self.b2b = Unit3D(inputs, c[3]), Unit3D(c[3], c[4], (3, 3, 3))
        self.b3b = Unit3D(inputs, c[5])

    def forward(self, x):
        pooled = F.max_pool3d(pad_same(x, (3, 3, 3), (1, 1, 1)), 3, 1)
        return torch.cat([self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(pooled)], 1)


class NonLocal(nn.Module):
    def __init__(self, channels, sub_sampled):
        super().__init__()
        inner = channels // 2
        pooled = (lambda layer: nn.Sequential(layer, nn.MaxPool3d((1, 2, 2)))) if sub_sampled else (lambda layer: layer)
        self.g = pooled(nn.Conv3d(channels, inner, 1))
        self.phi = pooled(nn.Conv3d(channels, inner, 1))
        self.theta = nn.Conv3d(channels, inner, 1)
        self.W = nn.Sequential(nn.Conv3d(inner, channels, 1), nn.BatchNorm3d(channels))

    def forward(self, x):
        query = self.theta(x).flatten(2).transpose(1, 2)
        attention = torch.softmax(query @ self.phi(x).flatten(2), -1)
        y = (attention @ self.g(x).flatten(2).transpose(1, 2)).transpose(1, 2)
        return x + self.W(y.reshape(x.shape[0], -1, *x.shape[2:]))


class Student(nn.Module):
    """`head` is "fc" (over classes x steps) or "mean" (over steps); `non_local` is "sub_sampled", "full" or "none"."""

    def __init__(self, classes, frames=64, head="fc", non_local="sub_sampled", width=1.0):
        super().__init__()
        scaled = lambda c: c if width == 1 else max(8, int(c * width / 8 + 0.5) * 8)
        self.Conv3d_1a_7x7 = Unit3D(3, scaled(64), (7, 7, 7), (2, 2, 2))
        self.Conv3d_2b_1x1 = Unit3D(scaled(64), scaled(64))
        self.Conv3d_2c_3x3 = Unit3D(scaled(64), scaled(192), (3, 3, 3))
        channels = scaled(192)
        for name, c in MIXED.items():
            c = [scaled(value) for value in c]
            setattr(self, f"Mixed_{name}", Mixed(channels, c))
            channels = c[0] + c[2] + c[4] + c[5]
        if non_local != "none":
            self.fuse_att_fc = NonLocal(channels, non_local == "sub_sampled")
        self.logits = Unit3D(channels, classes, plain=True)
        if head == "fc":
            self.fc = nn.Linear(classes * (frames // 8 - 1), classes)

    def forward(self, x):
        pool = lambda x, kernel, stride: F.max_pool3d(pad_same(x, kernel, stride), kernel, stride)
        x = pool(self.Conv3d_1a_7x7(x), (1, 3, 3), (1, 2, 2))
        x = self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(x))
        x = pool(x, (1, 3, 3), (1, 2, 2))
        for name in MIXED:
            if name in POOLS:
                x = pool(x, *POOLS[name])
            x = getattr(self, f"Mixed_{name}")(x)
        if hasattr(self, "fuse_att_fc"):
            x = self.fuse_att_fc(x)
        steps = self.logits(F.avg_pool3d(x, (2, *x.shape[3:]), 1)).flatten(2)
        return self.fc(steps.flatten(1)) if hasattr(self, "fc") else steps.mean(2)


def randomized(model, seed):
    """Random weights and batch-norm statistics, so that no layer is close to the identity."""
    torch.manual_seed(seed)
    for name, tensor in model.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif name.endswith("running_mean") or name.endswith("bias"):
            tensor.uniform_(-0.1, 0.1)
        elif tensor.dim() == 1:
            tensor.uniform_(0.8, 1.2)
        elif tensor.dim() > 1:
            # With random queries and keys, unscaled attention logits would saturate the softmax.
            gain = 0.05 if ".theta." in name or ".phi." in name else 1.0
            tensor.normal_(0, gain * (2.0 / tensor[0].numel()) ** 0.5)
    return model.eval()
