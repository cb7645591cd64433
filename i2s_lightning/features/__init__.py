"""Frozen VGG-16: images to named activations."""

from i2s_lightning.features.extractor import FeatureExtractor
from i2s_lightning.features.frozen import freeze
from i2s_lightning.features.load import load_vgg
from i2s_lightning.features.vgg import VGG16

__all__ = ["VGG16", "FeatureExtractor", "freeze", "load_vgg"]
