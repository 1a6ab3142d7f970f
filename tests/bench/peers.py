"""Times the same work in PyTorch and ONNX Runtime's calibrators; prints one JSON object: row name to best seconds.

Started by the benchmark when a Python with torch is there; the argument is the number of rounds.
"""

import contextlib
import io
import json
import os
import sys
import time
import warnings

import torch
from torch.ao.quantization import HistogramObserver, MinMaxObserver

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


def observed(observer, x):
    """What a tensor costs a calibration: one pass, and scale and zero point from it."""
    observer(x)
    return observer.calculate_qparams()


def fp8(x, scale):
    return (x / scale).to(torch.float8_e4m3fn).to(torch.float32) * scale


@contextlib.contextmanager
def silent_stderr():
    """Silences what libraries print past Python."""
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def onnxruntime_calibrators():
    """Functions of an array by row name, with the defaults of its two calibrators; none where it is missing."""
    try:
        with silent_stderr():
            import onnx.reference  # before ONNX Runtime, which registers the same operators, and complains of each
            from onnxruntime.quantization.calibrate import HistogramCollector
    except ImportError as error:
        print("no ONNX Runtime calibrators:", error, file=sys.stderr)
        return {}

    def collected(method, bins, percentile):
        def run(array):
            collector = HistogramCollector(method, False, bins, 128, percentile, "same")
            with contextlib.redirect_stdout(io.StringIO()):
                collector.collect({"x": [array]})
                return collector.compute_collection_result()

        return run

    return {"onnxruntime_entropy": collected("entropy", 128, None), "onnxruntime_percentile": collected("percentile", 2048, 99.9)}


def best(function, rounds):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    warnings.simplefilter("ignore")
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
        "fake_quantize_affine": synced(lambda: torch.fake_quantize_per_tensor_affine(x, 7 / 255, 109, 0, 255)),
        "fake_quantize_fp8": synced(lambda: fp8(x, 5 / 448)),
        "min_max_observer": synced(lambda: observed(MinMaxObserver().to(device), x)),
        "histogram_observer": synced(lambda: observed(HistogramObserver().to(device), x)),
        "sweep_16": synced(lambda: sweep(x, 4, 16)),
        "sum": synced(lambda: x.sum()),
    }
    array = x.cpu().numpy()
    for row, calibrate in onnxruntime_calibrators().items():
        times[row] = best(lambda: calibrate(array), rounds)
    print(json.dumps({"torch": torch.__version__, "device": device, "threads": torch.get_num_threads(), "seconds": times}))


main()
