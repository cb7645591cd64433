"""StyleGAN 1, 2 and 3 as plain modules, and everything that turns a weight file into one."""

from i2s_lightning.generators.base import Generator as Generator
from i2s_lightning.generators.base import NoiseMode as NoiseMode
from i2s_lightning.generators.base import Synthesis as Synthesis
from i2s_lightning.generators.build import build as build
from i2s_lightning.generators.load import load_generator as load_generator
from i2s_lightning.generators.native import load_native as load_native
from i2s_lightning.generators.native import save_native as save_native
from i2s_lightning.generators.state import GeneratorState as GeneratorState
from i2s_lightning.generators.stylegan1 import StyleGAN1 as StyleGAN1
from i2s_lightning.generators.stylegan2 import StyleGAN2 as StyleGAN2
from i2s_lightning.generators.stylegan3 import StyleGAN3 as StyleGAN3
from i2s_lightning.generators.stylegan3_plan import plan_stylegan3 as plan_stylegan3
