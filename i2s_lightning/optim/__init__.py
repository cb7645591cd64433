"""Optimisers and schedules for rows: every parameter is a picture, none hears of another."""

from i2s_lightning.optim.lbfgs import RowLBFGS as RowLBFGS
from i2s_lightning.optim.ramp import Ramp as Ramp
