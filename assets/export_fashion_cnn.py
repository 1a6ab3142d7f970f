#!/usr/bin/env python3
"""Writes the sample network as an ONNX model: fashion_cnn.onnx, beside this script.

The graph is built by hand from the layers that train_fashion_cnn.py describes. The weights are not copied: they are
external data of the model, at their places in fashion_cnn.safetensors, so the two files stay together.

With --check it writes nothing: it runs the written model in ONNX Runtime, compares its logits with those that
training stored for the first test images, and counts how many test images it classifies rightly. It exits with 1
where they disagree.

Needs onnx to write; onnxruntime and numpy, and the gzipped IDX files of Fashion-MNIST, to check.
"""

import argparse
import gzip
import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WEIGHTS_FILE = HERE / "fashion_cnn.safetensors"
ACTIVATIONS_FILE = HERE / "fashion_cnn_activations.safetensors"
MODEL_FILE = HERE / "fashion_cnn.onnx"
DATA_FOLDER = Path("/usr/share/datasets/fashion-mnist")

# The first operator set with 4-bit integers and blocked DequantizeLinear, and its IR version.
OPSET, IR_VERSION = 21, 10
PIXEL_MEAN, PIXEL_STD = 0.2860, 0.3530
LOGIT_TOLERANCE = 1e-3  # sums in another order than torch's


def read_header(path):
    """The entries of a safetensors file, and where its data begins."""
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    return header.pop("__metadata__", {}), header, 8 + size


# --- the graph ---


class Network:
    def __init__(self):
        self.nodes, self.value = [], "input"

    def add(self, op, layer, parameters=(), **attributes):
        from onnx import helper

        output = f"{layer}.output"
        inputs = [self.value, *(f"{layer}.{name}" for name in parameters)]
        self.nodes.append(helper.make_node(op, inputs, [output], name=layer, **attributes))
        self.value = output

    def conv_block(self, first, kernel, group=1):
        pads = [kernel // 2] * 4
        self.add("Conv", f"features.{first}", ["weight"], kernel_shape=[kernel] * 2, pads=pads, group=group)
        self.add("BatchNormalization", f"features.{first + 1}", ["weight", "bias", "running_mean", "running_var"])
        self.add("Relu", f"features.{first + 2}")

    def pool(self, index):
        self.add("MaxPool", f"features.{index}", kernel_shape=[2, 2], strides=[2, 2])


def build_nodes():
    network = Network()
    network.conv_block(0, kernel=3)
    network.pool(3)
    network.conv_block(4, kernel=3)
    network.pool(7)
    network.conv_block(8, kernel=3, group=48)
    network.conv_block(11, kernel=1)
    network.conv_block(14, kernel=3)
    network.pool(17)
    network.add("Flatten", "classifier.0")
    network.add("Gemm", "classifier.1", ["weight", "bias"], transB=1)
    network.add("Relu", "classifier.2")
    network.add("Gemm", "classifier.4", ["weight", "bias"], transB=1)
    network.nodes[-1].output[0] = "logits"
    return network.nodes


def external_tensor(name, entry, data_offset):
    from onnx import TensorProto

    begin, end = entry["data_offsets"]
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=entry["shape"])
    tensor.data_location = TensorProto.EXTERNAL
    places = {"location": WEIGHTS_FILE.name, "offset": data_offset + begin, "length": end - begin}
    for key, value in places.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def write_model():
    import onnx
    from onnx import TensorProto, helper

    metadata, entries, data_offset = read_header(WEIGHTS_FILE)
    graph = helper.make_graph(
        build_nodes(),
        "fashion_cnn",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 10])],
        [external_tensor(name, entry, data_offset) for name, entry in entries.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="clipscope"
    )
    helper.set_model_props(model, metadata)
    partial = MODEL_FILE.with_suffix(".partial")
    partial.write_bytes(model.SerializeToString(deterministic=True))
    onnx.checker.check_model(str(partial), full_check=True)
    os.replace(partial, MODEL_FILE)
    print(f"{MODEL_FILE.stat().st_size} bytes")
    return True


# --- checks ---


def read_idx(path, header_bytes):
    import numpy as np

    return np.frombuffer(gzip.decompress(path.read_bytes()), dtype=np.uint8, offset=header_bytes)


def stored_activation(name):
    import numpy as np

    _, entries, data_offset = read_header(ACTIVATIONS_FILE)
    begin, end = entries[name]["data_offsets"]
    raw = ACTIVATIONS_FILE.read_bytes()[data_offset + begin : data_offset + end]
    return np.frombuffer(raw, dtype=np.float32).reshape(entries[name]["shape"])


def check_model(folder):
    import numpy as np
    import onnxruntime

    session = onnxruntime.InferenceSession(str(MODEL_FILE), providers=["CPUExecutionProvider"])
    logits = session.run(["logits"], {"input": stored_activation("input")})[0]
    difference = float(np.abs(logits - stored_activation("classifier.4.output")).max())
    print(f"largest difference from the stored logits: {difference:.2g}, allowed {LOGIT_TOLERANCE}")

    images = read_idx(folder / "t10k-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28).astype(np.float32)
    labels = read_idx(folder / "t10k-labels-idx1-ubyte.gz", 8)
    normalized = (images / 255.0 - PIXEL_MEAN) / PIXEL_STD
    logits = session.run(["logits"], {"input": normalized.astype(np.float32)})[0]
    correct = int((logits.argmax(1) == labels).sum())
    stated = float(read_header(WEIGHTS_FILE)[0]["test_accuracy"])
    print(f"test accuracy {correct / len(labels):.2%} ({correct} of {len(labels)}), stated {stated:.2%}")
    # Another order of sums may tip a few images whose two best logits are almost equal.
    return difference <= LOGIT_TOLERANCE and abs(correct / len(labels) - stated) <= 0.0005


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="check the written file instead of writing it")
    parser.add_argument(
        "--data", type=Path, default=DATA_FOLDER, help="folder of the IDX files (%(default)s)"
    )
    arguments = parser.parse_args()
    return 0 if (check_model(arguments.data) if arguments.check else write_model()) else 1


if __name__ == "__main__":
    sys.exit(main())
