#!/usr/bin/env python3
"""Trains the bundled sample: a small convolutional network on Fashion-MNIST.

Without options it trains and writes, beside this script,
  fashion_cnn.safetensors              the weights, in F32
  fashion_cnn_activations.safetensors  what the layers put out for the first test images
With --check it trains nothing: it measures the accuracy of the written weights, and compares the
written activations with a fresh forward pass. It exits with 1 where they disagree.

Needs torch and numpy, and the gzipped IDX files of Fashion-MNIST.
"""

import argparse
import gzip
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).resolve().parent
WEIGHTS_FILE = HERE / "fashion_cnn.safetensors"
ACTIVATIONS_FILE = HERE / "fashion_cnn_activations.safetensors"
DATA_FOLDER = Path("/usr/share/datasets/fashion-mnist")
SIZE_LIMIT_BYTES = 2_000_000  # both files together

SEED = 2017
THREADS = 2  # the order of float sums, hence the last bits of the weights, depends on it
EPOCHS = 12
BATCH = 128
PEAK_LEARNING_RATE = 0.1
PIXEL_MEAN, PIXEL_STD = 0.2860, 0.3530  # of the training images, scaled to 0..1
SAMPLE_IMAGES = 8

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
DTYPE_NAMES = {dtype: name for name, dtype in DTYPES.items()}
# Unit roundoff: the largest relative error of rounding to the type.
ROUNDOFF = {torch.float32: 0.0, torch.float16: 2.0**-11, torch.bfloat16: 2.0**-8}
# How far two processors may differ in a float32 forward pass, relative to the tensor's largest value.
FORWARD_TOLERANCE = 1e-4


class FashionCnn(nn.Module):
    """Input [n][1][28][28], output [n][10] logits."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            *conv_block(1, 16, kernel=3),
            nn.MaxPool2d(2),
            *conv_block(16, 48, kernel=3),
            nn.MaxPool2d(2),
            # Depthwise-separable: one filter per channel, then a 1x1 mix of the channels.
            *conv_block(48, 48, kernel=3, groups=48),
            *conv_block(48, 96, kernel=1),
            *conv_block(96, 96, kernel=3),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(96 * 3 * 3, 128), nn.ReLU(), nn.Dropout(0.3), nn.Linear(128, 10)
        )

    def forward(self, images):
        return self.classifier(self.features(images))


def conv_block(inputs, outputs, kernel, groups=1):
    # The batch norm's shift takes the place of a bias in the convolution.
    conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=False)
    return conv, nn.BatchNorm2d(outputs), nn.ReLU()


# --- data ---


def read_idx(path):
    """An IDX file of unsigned bytes: 0, 0, type 8, number of axes, big-endian axis lengths, data."""
    raw = gzip.decompress(path.read_bytes())
    if raw[:3] != b"\0\0\x08":
        raise SystemExit(f"error: {path} is not an IDX file of bytes")
    axes = raw[3]
    shape = np.frombuffer(raw, dtype=">u4", count=axes, offset=4).astype(int)
    return np.frombuffer(raw, dtype=np.uint8, offset=4 + 4 * axes).reshape(shape)


def load_split(folder, prefix):
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz").astype(np.float32) / 255.0
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz").astype(np.int64)
    normalized = (torch.from_numpy(images) - PIXEL_MEAN) / PIXEL_STD
    return normalized.unsqueeze(1), torch.from_numpy(labels)


def augment(images, generator):
    """Mirrors each image with probability 1/2, and shifts the batch by up to two pixels each way."""
    mirrored = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
    images = torch.where(mirrored, images.flip(3), images)
    black = -PIXEL_MEAN / PIXEL_STD
    padded = F.pad(images, (2, 2, 2, 2), value=black)
    top, left = torch.randint(0, 5, (2,), generator=generator).tolist()
    return padded[:, :, top : top + 28, left : left + 28]


# --- training ---


def make_deterministic():
    torch.manual_seed(SEED)
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)


def weight_groups(model):
    """Weight decay pulls on weight matrices and filters alone, not on biases and batch norm."""
    decayed = [p for p in model.parameters() if p.dim() > 1]
    free = [p for p in model.parameters() if p.dim() <= 1]
    return [{"params": decayed, "weight_decay": 5e-4}, {"params": free, "weight_decay": 0.0}]


def train_epoch(model, images, labels, optimizer, schedule, generator):
    model.train()
    total_loss = 0.0
    # The last, smaller batch is left out; shuffling leaves out other images each time.
    for batch in torch.randperm(len(images), generator=generator).split(BATCH)[: len(images) // BATCH]:
        loss = F.cross_entropy(model(augment(images[batch], generator)), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total_loss += loss.item()
    return total_loss / (len(images) // BATCH)


def train(folder):
    make_deterministic()
    images, labels = load_split(folder, "train")
    generator = torch.Generator().manual_seed(SEED)
    # Channels last trains a fifth faster on a CPU.
    model = FashionCnn().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(weight_groups(model), lr=PEAK_LEARNING_RATE, momentum=0.9, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, PEAK_LEARNING_RATE, total_steps=EPOCHS * (len(images) // BATCH), pct_start=0.2
    )
    started = time.monotonic()
    for epoch in range(EPOCHS):
        loss = train_epoch(model, images, labels, optimizer, schedule, generator)
        seconds = time.monotonic() - started
        print(f"epoch {epoch + 1:2}/{EPOCHS}  loss {loss:.4f}  {seconds:4.0f} s", file=sys.stderr)
    return model.eval()


# --- what the network puts out ---


@torch.no_grad()
def count_correct(model, images, labels):
    batches = zip(images.split(500), labels.split(500))
    return sum((model(x).argmax(1) == y).sum().item() for x, y in batches)


def stored_dtype(layer):
    """Three types, so that one file shows each that is read natively."""
    if isinstance(layer, nn.BatchNorm2d):
        return torch.bfloat16
    if isinstance(layer, nn.ReLU):
        return torch.float16
    return torch.float32


@torch.no_grad()
def forward_outputs(model, images):
    """The input, and in F32 the output of each batch norm, ReLU and linear layer with its layer."""
    outputs = {"input": (None, images)}
    x = images
    for part in ("features", "classifier"):
        for index, layer in getattr(model, part).named_children():
            x = layer(x)
            if isinstance(layer, (nn.BatchNorm2d, nn.ReLU, nn.Linear)):
                outputs[f"{part}.{index}.output"] = (layer, x)
    return outputs


def activations(model, images):
    outputs = forward_outputs(model, images[:SAMPLE_IMAGES])
    return {name: x.to(stored_dtype(layer)) for name, (layer, x) in outputs.items()}


def weights(model):
    """Without batch norm's step counters, which only training reads."""
    return {name: x for name, x in model.state_dict().items() if x.is_floating_point()}


# --- safetensors: u64 little-endian header size, JSON header, data ---


def to_bytes(tensor):
    # numpy knows no bfloat16, so every type travels as plain bytes.
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def write_safetensors(path, tensors, metadata):
    header, chunks, offset = {"__metadata__": metadata}, [], 0
    for name, tensor in tensors.items():
        chunks.append(to_bytes(tensor))
        end = offset + len(chunks[-1])
        header[name] = {
            "dtype": DTYPE_NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    partial = path.with_suffix(".partial")
    partial.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(chunks))
    os.replace(partial, path)


def read_safetensors(path):
    raw = path.read_bytes()
    header_end = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:header_end])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = (header_end + offset for offset in entry["data_offsets"])
        data = torch.frombuffer(bytearray(raw[begin:end]), dtype=DTYPES[entry["dtype"]])
        tensors[name] = data.reshape(entry["shape"])
    return tensors, metadata


# --- commands ---


def common_metadata():
    return {
        "model": "fashion_cnn",
        "data": "Fashion-MNIST",
        "data_license": "MIT, Copyright (c) 2017 Zalando SE",
        "input": f"pixels scaled to 0..1, minus {PIXEL_MEAN}, divided by {PIXEL_STD}",
    }


def write_sample(folder):
    model = train(folder)
    images, labels = load_split(folder, "t10k")
    correct = count_correct(model, images, labels)
    accuracy = {"test_accuracy": f"{correct / len(labels):.4f}"}
    write_safetensors(WEIGHTS_FILE, weights(model), common_metadata() | accuracy)
    batch = {"batch": f"the first {SAMPLE_IMAGES} test images"}
    write_safetensors(ACTIVATIONS_FILE, activations(model, images), common_metadata() | batch)
    print(f"test accuracy {correct / len(labels):.2%} ({correct} of {len(labels)})")
    return check_sizes()


def check_sizes():
    sizes = [path.stat().st_size for path in (WEIGHTS_FILE, ACTIVATIONS_FILE)]
    print(f"sizes {sizes[0]} + {sizes[1]} = {sum(sizes)} bytes, limit {SIZE_LIMIT_BYTES}")
    return sum(sizes) <= SIZE_LIMIT_BYTES


def check_accuracy(model, metadata, images, labels):
    correct = count_correct(model, images, labels)
    accuracy, stated = correct / len(labels), float(metadata["test_accuracy"])
    print(f"test accuracy {accuracy:.2%} ({correct} of {len(labels)}), stated {stated:.2%}")
    # Another processor may tip a few images whose two best logits are almost equal.
    return abs(accuracy - stated) <= 0.0005


def disagreement(stored, fresh):
    """The largest excess of |stored - fresh| over what rounding and the forward pass allow."""
    allowed = ROUNDOFF[stored.dtype] * fresh.abs() + FORWARD_TOLERANCE * fresh.abs().max()
    return ((stored.float() - fresh).abs() - allowed).max().item()


def check_activations(model, images):
    stored, _ = read_safetensors(ACTIVATIONS_FILE)
    fresh = forward_outputs(model, images[:SAMPLE_IMAGES])
    if stored.keys() != fresh.keys():
        print(f"activations: the file and the network name different tensors: {stored.keys() ^ fresh.keys()}")
        return False
    bad = [
        name
        for name, (layer, x) in fresh.items()
        if stored[name].dtype != stored_dtype(layer)
        or stored[name].shape != x.shape
        or not disagreement(stored[name], x) <= 0.0  # so written, NaN counts as bad
    ]
    print(f"activations: {len(fresh) - len(bad)} of {len(fresh)} tensors agree with a fresh forward pass")
    for name in bad:
        print(f"activations: {name} disagrees")
    return not bad


def check_sample(folder):
    make_deterministic()
    tensors, metadata = read_safetensors(WEIGHTS_FILE)
    model = FashionCnn().eval()
    # The step counters are missing on purpose; any other difference is an error.
    model.load_state_dict(tensors | {k: v for k, v in model.state_dict().items() if k not in weights(model)})
    images, labels = load_split(folder, "t10k")
    # A list, so that every check runs and reports, whatever the one before it says.
    return all([
        check_accuracy(model, metadata, images, labels),
        check_activations(model, images),
        check_sizes(),
    ])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="check the written files instead of training")
    parser.add_argument(
        "--data", type=Path, default=DATA_FOLDER, help="folder of the IDX files (%(default)s)"
    )
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(
            f"error: no folder {arguments.data}; run through ./dev shell --peers, or give --data"
        )
    return 0 if (check_sample if arguments.check else write_sample)(arguments.data) else 1


if __name__ == "__main__":
    sys.exit(main())
