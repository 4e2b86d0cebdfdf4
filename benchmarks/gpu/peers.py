#!/usr/bin/env python3
"""Times PyTorch (eager, torch.compile) on the shapes of a run of `graceful bench --device`, on the same device,
and writes one JSON: the run's machine and rows, each row with its peers. Without torch, rows stay without peers.

A row's peer is {"name", "secondsMin", "secondsMedian", "ratio"}: ratio = its fastest call over ours, above 1 where ours is faster.
"""
import argparse
import json
import os
import re
import statistics
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", required=True, help="JSON of graceful bench")
    parser.add_argument("--out", required=True, help="JSON to write")
    parser.add_argument("--device", default="cuda", help="as given to graceful bench; torch runs on CUDA, else on the processor")
    parser.add_argument("--driver", default="")
    parser.add_argument("--commit", default="")
    parser.add_argument("--suite", default="", help="result of the correctness suite")
    parser.add_argument("--seconds", type=float, default=0.3, help="timed seconds of each peer, at least")
    arguments = parser.parse_args()
    with open(arguments.rows, encoding="utf-8") as file:
        report = json.load(file)
    report["gpu"] = {"driver": arguments.driver, "commit": arguments.commit, "suite": arguments.suite}
    try:
        import torch
    except ImportError:
        report["gpu"]["peers"] = "torch is not installed"
        print("peers.py: torch is not installed; rows stay without peers", file=sys.stderr)
    else:
        measure(torch, report, arguments)
    write(arguments.out, report)


def write(path, report):
    part = path + ".part"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(report, file, indent=1)
        file.write("\n")
    os.replace(part, path)


def measure(torch, report, arguments):
    on_cuda = arguments.device.startswith("cuda") and torch.cuda.is_available()
    place = torch.device(arguments.device if on_cuda else "cpu")
    report["gpu"]["peers"] = f"torch {torch.__version__} on {torch.cuda.get_device_name(place) if on_cuda else 'the processor'}"
    torch.manual_seed(1)
    # IEEE fp32 is what ours is compared with; TF32 has its own rows.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    peers = Peers(torch, place, on_cuda)
    for row in report["rows"]:
        for name, call in peers.of(row["kernel"], row["shape"]):
            try:
                seconds = timed(torch, call, on_cuda, arguments.seconds)
            except Exception as error:  # One peer that fails (memory, a compiler that is missing) keeps no other from its figure.
                print(f"{row['kernel']} {row['shape']}: {name} left out: {str(error).splitlines()[0]}", file=sys.stderr)
                continue
            row.setdefault("peers", []).append(
                {"name": name, "secondsMin": min(seconds), "secondsMedian": statistics.median(seconds), "ratio": min(seconds) / row["secondsMin"]})
            print(f"{row['kernel']:24} {row['shape']:28} {name:16} {min(seconds) * 1e3:10.3f} ms  {min(seconds) / row['secondsMin']:6.2f}x")
        if on_cuda:
            torch.cuda.empty_cache()


def timed(torch, call, on_cuda, least):
    def await_device():
        if on_cuda:
            torch.cuda.synchronize()

    for _ in range(3):
        call()
    await_device()
    start = time.perf_counter()
    call()
    await_device()
    calls = max(1, int(5e-3 / max(time.perf_counter() - start, 1e-7)))
    samples, spent = [], 0.0
    while len(samples) < 5 or spent < least:
        start = time.perf_counter()
        for _ in range(calls):
            call()
        await_device()
        seconds = time.perf_counter() - start
        samples.append(seconds / calls)
        spent += seconds
        if spent > 20:
            break
    return samples


class Peers:
    """What torch would be written as by its users, for each kernel."""

    def __init__(self, torch, place, on_cuda):
        self.torch, self.place, self.on_cuda = torch, place, on_cuda

    def of(self, kernel, shape):
        rooms = {
            "gemm": self.gemm, "syrk": self.syrk, "conv": self.convolution, "covariance": self.covariance, "cholesky": self.cholesky,
            "rowloss": self.row_loss, "flips": self.flips, "vector": self.vector, "factors": self.factors, "lqf": self.iteration,
        }
        room = rooms.get(kernel.split("-")[0])
        return list(room(kernel, shape)) if room else []

    def random(self, *sizes):
        return self.torch.randn(*sizes, device=self.place)

    def compiled(self, call):
        return self.torch.compile(call) if hasattr(self.torch, "compile") else None

    def gemm(self, kernel, shape):
        m, n, k = numbers(shape, 3)
        a = self.random(k, m).t() if kernel == "gemm-tn" else self.random(m, k)
        b = self.random(n, k).t() if kernel == "gemm-nt" else self.random(k, n)
        out = self.torch.empty(m, n, device=self.place)
        yield "torch fp32", lambda: self.torch.mm(a, b, out=out)
        if self.on_cuda:
            yield "torch tf32", self.with_tf32(lambda: self.torch.mm(a, b, out=out))

    def with_tf32(self, call):
        def run():
            self.torch.backends.cuda.matmul.allow_tf32 = True
            try:
                call()
            finally:
                self.torch.backends.cuda.matmul.allow_tf32 = False
        return run

    def syrk(self, kernel, shape):
        rows, columns = numbers(shape, 2)
        x = self.random(rows, columns)
        yield "torch gemm", lambda: x.t() @ x

    def convolution(self, kernel, shape):
        s = Convolution(shape)
        torch = self.torch
        x = self.random(s.batch, s.channels, s.height, s.width).contiguous(memory_format=torch.channels_last)
        w = self.random(s.out, s.channels, s.kernel, s.kernel).contiguous(memory_format=torch.channels_last)
        forward = lambda: torch.nn.functional.conv2d(x, w, stride=s.stride, padding=s.padding)
        dy = self.random(*forward().shape).contiguous(memory_format=torch.channels_last)
        if kernel == "conv-forward":
            yield "torch", forward
        elif kernel == "conv-jvp":
            dx, dw = self.random(*x.shape).contiguous(memory_format=torch.channels_last), self.random(*w.shape).contiguous(memory_format=torch.channels_last)
            yield "torch two convs", lambda: (
                torch.nn.functional.conv2d(dx, w, stride=s.stride, padding=s.padding) + torch.nn.functional.conv2d(x, dw, stride=s.stride, padding=s.padding))
        else:
            mask = [kernel == "conv-input-gradient", kernel == "conv-weight-gradient", False]
            yield "torch", lambda: torch.ops.aten.convolution_backward(
                dy, x, w, None, [s.stride] * 2, [s.padding] * 2, [1, 1], False, [0, 0], 1, mask)

    def covariance(self, kernel, shape):
        s = Convolution(shape + "-1")
        x = self.random(s.batch, s.channels, s.height, s.width)
        yield "torch unfold", lambda: self.patch_covariance(x, s)

    def patch_covariance(self, x, s):
        if s.kernel == 1:
            patches = x[:, :, ::s.stride, ::s.stride].permute(0, 2, 3, 1).reshape(-1, s.channels)
        else:
            patches = self.torch.nn.functional.unfold(x, s.kernel, padding=s.padding, stride=s.stride).transpose(1, 2).reshape(-1, s.channels * s.kernel ** 2)
        return patches.t() @ patches

    def factors(self, kernel, shape):
        """A by unfold and product, G by product, layer after layer, as the K-FAC packages for torch do."""
        layers = list(resnet50(int(re.search(r"\d+", shape).group())))
        inputs = {key: self.random(*key) for key in {(s.batch, s.channels, s.height, s.width) for s in layers}}
        outputs = {key: self.random(*key) for key in {(s.batch * s.pixels, s.out) for s in layers}}

        def run():
            for s in layers:
                self.patch_covariance(inputs[(s.batch, s.channels, s.height, s.width)], s)
                g = outputs[(s.batch * s.pixels, s.out)]
                g.t() @ g
        yield "torch unfold", run

    def cholesky(self, kernel, shape):
        torch = self.torch

        def definite(n, count=1):
            a = torch.rand(count, n, n, device=self.place, dtype=torch.float64) * 2 - 1
            return (a + a.transpose(1, 2)) / 2 + torch.eye(n, device=self.place, dtype=torch.float64) * (n + 1)

        if kernel == "cholesky-resnet50":
            orders = {}
            for s in resnet50(1):
                for n in (s.channels * s.kernel ** 2, s.out):
                    orders[n] = orders.get(n, 0) + 1
            groups = [definite(n).expand(count, n, n).contiguous() for n, count in sorted(orders.items())]
            yield "torch", lambda: [torch.cholesky_inverse(torch.linalg.cholesky(a)) for a in groups]
        elif kernel == "cholesky-batch":
            count, n = numbers(shape, 2)
            a = definite(n, count)
            yield "torch", lambda: torch.cholesky_inverse(torch.linalg.cholesky(a))
        else:
            a = definite(int(shape))[0]
            factor = torch.linalg.cholesky(a)
            yield "torch", (lambda: torch.linalg.cholesky(a)) if kernel == "cholesky-factor" else (lambda: torch.cholesky_inverse(factor))

    def row_loss(self, kernel, shape):
        torch, functional = self.torch, self.torch.nn.functional
        if kernel not in ("rowloss-ce-kl", "rowloss-ce", "rowloss-ce-lm"):
            return
        rows, classes = numbers(shape.split()[0], 2)
        temperature = float(m.group(1)) if (m := re.search(r"t=([\d.]+)", shape)) else 1.0
        z = self.random(rows, classes).requires_grad_()
        old, labels = self.random(rows, classes), torch.randint(classes, (rows,), device=self.place)

        def loss(z, old, labels):
            base = functional.cross_entropy(z, labels, reduction="none")
            if kernel == "rowloss-ce":
                return base.sum()
            right = (old.argmax(1) == labels).float()
            weight = 1 + 5 * right
            if kernel == "rowloss-ce-lm":
                distance = 0.5 * ((z - old) ** 2).sum(1)
            else:
                distance = functional.kl_div(
                    functional.log_softmax(z / temperature, 1), functional.log_softmax(old / temperature, 1), reduction="none", log_target=True).sum(1)
            return (base + weight * distance).sum()

        def step(function):
            def run():
                z.grad = None
                function(z, old, labels).backward()
            return run
        yield "torch eager", step(loss)
        if self.on_cuda and (compiled := self.compiled(loss)):
            yield "torch.compile", step(compiled)

    def flips(self, kernel, shape):
        if kernel != "flips-logits":
            return
        rows, classes = numbers(shape, 2)
        old, new = self.random(rows, classes), self.random(rows, classes)
        labels = self.torch.randint(classes, (rows,), device=self.place)

        def table():
            was, now = old.argmax(1) == labels, new.argmax(1) == labels
            return (was & now).sum(), (~was & ~now).sum(), (~was & now).sum(), (was & ~now).sum()
        yield "torch eager", table
        if self.on_cuda and (compiled := self.compiled(table)):
            yield "torch.compile", compiled

    def vector(self, kernel, shape):
        n = numbers(shape, 1)[0]
        x, y = self.random(n), self.random(n)
        if kernel == "vector-dot":
            yield "torch", lambda: self.torch.dot(x, y)
        elif kernel == "vector-axpy":
            yield "torch", lambda: y.add_(x, alpha=1e-3)

    def iteration(self, kernel, shape):
        """A step on a batch by dual numbers forward and a vector-Jacobian product back; an iteration is such steps over all samples."""
        if kernel == "lqf-factors":
            return
        torch = self.torch
        samples = int(shape.split()[-1])
        batch = min(samples, 1000 if self.on_cuda else 128)
        net = ResNet20(torch).to(self.place).eval()
        images = self.random(batch, 3, 32, 32).contiguous(memory_format=torch.channels_last)
        tangents = [torch.randn_like(p) * 1e-3 for p in net.parameters()]

        def by_hand():
            for _ in range(max(1, samples // batch)):
                with torch.no_grad():
                    _, tangent = DualForward(torch, net, tangents)(images)
                torch.autograd.grad(net(images), list(net.parameters()), tangent)
        yield "torch, dual by hand", by_hand
        if not hasattr(torch, "func"):
            return
        parameters = {name: p.detach() for name, p in net.named_parameters()}
        direction = dict(zip(parameters, tangents))

        def run():
            for _ in range(max(1, samples // batch)):
                outputs = lambda p: torch.func.functional_call(net, p, (images,))
                _, tangent = torch.func.jvp(outputs, (parameters,), (direction,))
                _, back = torch.func.vjp(outputs, parameters)
                back(tangent)
        yield "torch.func", run


class DualForward:
    """The network on pairs (value, tangent): two convolutions for the tangent of each, the mask of each activation."""

    def __init__(self, torch, net, tangents):
        self.torch, self.net = torch, net
        self.tangent_of = {id(p): t for p, t in zip(net.parameters(), tangents)}

    def __call__(self, images):
        x, dx = images, None
        for layer in self.net:
            kind = type(layer).__name__
            if kind == "Block":
                y, dy = self.relu(*self.convolution(layer.first, x, dx))
                y, dy = self.convolution(layer.second, y, dy)
                s, ds = (x, dx) if not layer.pad else (layer.shortcut(x), layer.shortcut(dx))
                x, dx = self.relu(y + s, dy + ds)
            elif kind == "Conv2d":
                x, dx = self.convolution(layer, x, dx)
            elif kind == "ReLU":
                x, dx = self.relu(x, dx)
            elif kind == "Linear":
                weight, bias = self.tangent_of[id(layer.weight)], self.tangent_of[id(layer.bias)]
                x, dx = layer(x), dx @ layer.weight.t() + x @ weight.t() + bias
            else:
                x, dx = layer(x), layer(dx)
        return x, dx

    def convolution(self, layer, x, dx):
        functional = self.torch.nn.functional
        conv = lambda value, weight, bias: functional.conv2d(value, weight, bias, layer.stride, layer.padding)
        y = conv(x, layer.weight, layer.bias)
        dy = conv(x, self.tangent_of[id(layer.weight)], self.tangent_of[id(layer.bias)])
        return y, dy if dx is None else dy + conv(dx, layer.weight, None)

    def relu(self, x, dx):
        return self.torch.relu(x), dx * (x > 0)


def ResNet20(torch):
    """Without batch normalisation, as it is folded before a network is linearised."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, channels, out, stride):
            super().__init__()
            self.first = nn.Conv2d(channels, out, 3, stride, 1)
            self.second = nn.Conv2d(out, out, 3, 1, 1)
            self.pad = (out - channels) // 2
            self.stride = stride

        def shortcut(self, x):
            return nn.functional.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.pad, self.pad))

        def forward(self, x):
            return torch.relu(self.second(torch.relu(self.first(x))) + (self.shortcut(x) if self.pad else x))

    layers = [nn.Conv2d(3, 16, 3, 1, 1), nn.ReLU()]
    channels = 16
    for out in (16, 32, 64):
        for i in range(3):
            layers.append(Block(channels, out, 2 if i == 0 and out > 16 else 1))
            channels = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Convolution:
    """'16x56x56x64-3x3/2-128': images, kernel and stride, output channels."""

    def __init__(self, text):
        images, kernel, out = text.split("-")
        self.batch, self.height, self.width, self.channels = (int(v) for v in images.split("x"))
        size, stride = kernel.split("/")
        self.kernel, self.stride, self.out = int(size.split("x")[0]), int(stride), int(out)
        self.padding = self.kernel // 2

    @property
    def pixels(self):
        return ((self.height + 2 * self.padding - self.kernel) // self.stride + 1) * ((self.width + 2 * self.padding - self.kernel) // self.stride + 1)


def resnet50(batch):
    yield Convolution(f"{batch}x224x224x3-7x7/2-64")
    size, channels = 56, 64
    for width, blocks, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(blocks):
            step = stride if block == 0 else 1
            yield Convolution(f"{batch}x{size}x{size}x{channels}-1x1/1-{width}")
            yield Convolution(f"{batch}x{size}x{size}x{width}-3x3/{step}-{width}")
            if block == 0:
                yield Convolution(f"{batch}x{size}x{size}x{channels}-1x1/{step}-{4 * width}")
            size //= step
            yield Convolution(f"{batch}x{size}x{size}x{width}-1x1/1-{4 * width}")
            channels = 4 * width


def numbers(shape, count):
    found = [int(v) for v in shape.split("x")]
    if len(found) != count:
        raise ValueError(f"shape '{shape}' has {len(found)} numbers, expected {count}")
    return found


if __name__ == "__main__":
    main()
