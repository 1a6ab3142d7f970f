"""Times the same work in PyTorch and prints one JSON object: row name to best seconds.

Started by the benchmark when a Python with torch is there; the arguments are the number of rounds and the rows.
"""

import json
import sys
import time

import torch

ELEMENTS = 16 << 20


def octav(x, bits, iterations=10):
    """The published recursion for one bit width, gamma = 4^-B / 3."""
    magnitude = x.abs()
    gamma = 4.0**-bits / 3
    s = magnitude.sum() / (magnitude != 0).sum()
    for _ in range(iterations):
        outside = magnitude > s
        inside = (magnitude <= s) & (magnitude > 0)
        s = (magnitude * outside).sum() / (gamma * inside.sum() + outside.sum())
    return s


def octav_channels(x, bits, iterations=10):
    """The same for every row of a matrix."""
    magnitude = x.abs()
    gamma = 4.0**-bits / 3
    s = magnitude.sum(1, keepdim=True) / (magnitude != 0).sum(1, keepdim=True)
    for _ in range(iterations):
        outside = magnitude > s
        inside = (magnitude <= s) & (magnitude > 0)
        s = (magnitude * outside).sum(1, keepdim=True) / (
            gamma * inside.sum(1, keepdim=True) + outside.sum(1, keepdim=True)
        )
    return s


def sweep(x, bits, candidates):
    """Measured error of logarithmically spaced clips."""
    qmax = 2 ** (bits - 1) - 1
    top = x.abs().max().item()
    clips = torch.logspace(-12, 0, candidates, base=2) * top
    return [((torch.fake_quantize_per_tensor_affine(x, c / qmax, 0, -qmax, qmax) - x) ** 2).mean() for c in clips.tolist()]


def best(function, rounds):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    rounds = int(sys.argv[1])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(1)
    x = torch.randn(ELEMENTS, device=device)
    matrix = x.view(4096, 4096)

    def synced(function):
        def run():
            function()
            if device == "cuda":
                torch.cuda.synchronize()

        run()
        return best(run, rounds)

    times = {
        "octav": synced(lambda: octav(x, 4)),
        "octav_channels": synced(lambda: octav_channels(matrix, 4)),
        "histogram": synced(lambda: torch.histc(x, 2048)),
        "fake_quantize": synced(lambda: torch.fake_quantize_per_tensor_affine(x, 0.3, 0, -7, 7)),
        "sweep_16": synced(lambda: sweep(x, 4, 16)),
        "sum": synced(lambda: x.sum()),
    }
    print(json.dumps({"torch": torch.__version__, "device": device, "threads": torch.get_num_threads(), "seconds": times}))


main()
