#!/usr/bin/python3
"""The peer: one training step (forward, backward, SGD) of an evaluation network or ResNet-32 in PyTorch, on one random batch.

Without auxiliary head and drop path. Prints one line of JSON.
"""
import argparse, json, resource, statistics, time
import torch, torch.nn as nn, torch.nn.functional as F

# DARTS_V2 of quark0/darts
NORMAL = [("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("sep_conv_3x3", 1),
          ("sep_conv_3x3", 1), ("skip_connect", 0), ("skip_connect", 0), ("dil_conv_3x3", 2)]
REDUCE = [("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("max_pool_3x3", 1),
          ("max_pool_3x3", 0), ("skip_connect", 2), ("skip_connect", 2), ("max_pool_3x3", 1)]

def relu_conv_bn(ci, co): return nn.Sequential(nn.ReLU(), nn.Conv2d(ci, co, 1, bias=False), nn.BatchNorm2d(co))
def dw_pw(c, k, stride, dil):
    return [nn.ReLU(), nn.Conv2d(c, c, k, stride, dil * (k - 1) // 2, dil, groups=c, bias=False), nn.Conv2d(c, c, 1, bias=False), nn.BatchNorm2d(c)]

class FactorizedReduce(nn.Module):
    def __init__(self, ci, co):
        super().__init__()
        self.a, self.b = (nn.Conv2d(ci, co // 2, 1, 2, bias=False) for _ in range(2)); self.bn = nn.BatchNorm2d(co)
    def forward(self, x):
        x = F.relu(x); return self.bn(torch.cat([self.a(x), self.b(x[:, :, 1:, 1:])], 1))

def op(name, c, s):
    if name == "max_pool_3x3": return nn.MaxPool2d(3, s, 1)
    if name == "skip_connect": return nn.Identity() if s == 1 else FactorizedReduce(c, c)
    k = int(name[-1])
    return nn.Sequential(*dw_pw(c, k, s, 1), *dw_pw(c, k, 1, 1)) if name.startswith("sep") else nn.Sequential(*dw_pw(c, k, s, 2))

class Cell(nn.Module):
    def __init__(self, cpp, cp, c, reduction, prev_reduction):
        super().__init__()
        self.pre0 = FactorizedReduce(cpp, c) if prev_reduction else relu_conv_bn(cpp, c)
        self.pre1 = relu_conv_bn(cp, c)
        edges = REDUCE if reduction else NORMAL
        self.ops = nn.ModuleList(op(name, c, 2 if reduction and j < 2 else 1) for name, j in edges)
        self.reads = [j for _, j in edges]
    def forward(self, s0, s1):
        h = [self.pre0(s0), self.pre1(s1)]
        for e in range(0, len(self.ops), 2):
            h.append(self.ops[e](h[self.reads[e]]) + self.ops[e + 1](h[self.reads[e + 1]]))
        return torch.cat(h[2:], 1)

class EvalNet(nn.Module):
    def __init__(self, c, layers, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 3 * c, 3, padding=1, bias=False), nn.BatchNorm2d(3 * c))
        cpp, cp, cells, prev = 3 * c, 3 * c, [], False
        for i in range(layers):
            red = i in (layers // 3, 2 * layers // 3)
            c = 2 * c if red else c
            cells.append(Cell(cpp, cp, c, red, prev)); prev = red; cpp, cp = cp, 4 * c
        self.cells, self.fc = nn.ModuleList(cells), nn.Linear(cp, classes)
    def forward(self, x):
        s0 = s1 = self.stem(x)
        for cell in self.cells: s0, s1 = s1, cell(s0, s1)
        return self.fc(s1.mean((2, 3)))

class Block(nn.Module):
    def __init__(self, ci, co, stride):
        super().__init__()
        self.a, self.b = nn.Conv2d(ci, co, 3, stride, 1, bias=False), nn.Conv2d(co, co, 3, 1, 1, bias=False)
        self.na, self.nb, self.more = nn.BatchNorm2d(co), nn.BatchNorm2d(co), (co - ci) // 2
    def forward(self, x):
        y = self.nb(self.b(F.relu(self.na(self.a(x)))))
        if self.more: x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more, self.more))
        return F.relu(y + x)

class ResNet32(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        widths = [16] * 6 + [32] * 5 + [64] * 5
        self.blocks = nn.Sequential(*(Block(a, b, b // a) for a, b in zip(widths, widths[1:])))
        self.fc = nn.Linear(64, classes)
    def forward(self, x): return self.fc(self.blocks(self.stem(x)).mean((2, 3)))

def main():
    p = argparse.ArgumentParser()
    p.add_argument("--network", default="cells", choices=["cells", "resnet-32"])
    for name, default in dict(channels=16, layers=8, batch=96, size=32, threads=2, steps=5).items():
        p.add_argument("--" + name, type=int, default=default)
    p.add_argument("--device", default="cpu")
    a = p.parse_args()
    torch.set_num_threads(a.threads); torch.manual_seed(0)
    net = (EvalNet(a.channels, a.layers) if a.network == "cells" else ResNet32()).to(a.device)
    sync = torch.cuda.synchronize if a.device.startswith("cuda") else lambda: None
    params, ce = list(net.parameters()), nn.CrossEntropyLoss()
    opt = torch.optim.SGD(params, 0.025, momentum=0.9, weight_decay=3e-4)
    x, y = torch.randn(a.batch, 3, a.size, a.size, device=a.device), torch.randint(0, 10, (a.batch,), device=a.device)

    times = []
    for i in range(a.steps + 1):
        if i == 1: before = time.process_time()
        sync(); t = time.perf_counter()
        opt.zero_grad(); ce(net(x), y).backward(); nn.utils.clip_grad_norm_(params, 5.0); opt.step(); sync()
        times.append(time.perf_counter() - t)
    print(json.dumps(dict(peer="pytorch " + torch.__version__, network=a.network, params=sum(w.numel() for w in params),
        cpu_ms=round(1e3 * (time.process_time() - before) / a.steps, 2), step_ms=round(1e3 * statistics.median(times[1:]), 2), peak_rss_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)))

main()
