"""The mapping network that all three families share, and its fully connected layers."""

from typing import Literal, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from i2s_lightning.ops.activations import ACTIVATIONS, activate
from i2s_lightning.ops.mapping import linear, normalize_2nd_moment, truncate

LabelMode = Literal["embed", "concat"]


class FullyConnected(nn.Module):
    """Fully connected layer with a run-time weight scale (equalised learning rate, Karras et al. 2018, section 4.1).

    Args:
        in_features: Input width.
        out_features: Output width.
        activation: A key of ``ACTIVATIONS``.
        lr_multiplier: Weights and bias are stored divided by it, so that an optimiser moves them slower.
        bias_init: What the bias starts at.
        weight_gain: Factor on the weights at run time.
        gain: Factor on the activation's own gain.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        activation: str = "linear",
        lr_multiplier: float = 1.0,
        bias_init: float = 0.0,
        weight_gain: float = 1.0,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.activation, self.gain = activation, gain
        self.weight_gain = weight_gain * lr_multiplier / in_features**0.5
        self.bias_gain = lr_multiplier
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / lr_multiplier)
        self.bias = nn.Parameter(torch.full((out_features,), bias_init / lr_multiplier))

    def forward(self, x: Float[Tensor, "B I"]) -> Float[Tensor, "B O"]:
        """Transform rows."""
        bias = self.bias if self.bias_gain == 1.0 else self.bias * self.bias_gain
        # Scaling the rows is cheaper than scaling the weights.
        return activate(linear(x * self.weight_gain, self.weight, bias), self.activation, gain=self.gain)


class LabelProjection(nn.Module):
    """Project labels without scale or bias (StyleGAN1 and the TensorFlow StyleGAN2: ``LabelConcat``)."""

    def __init__(self, c_dim: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features, c_dim))

    def forward(self, c: Float[Tensor, "B c"]) -> Float[Tensor, "B E"]:
        """Project labels."""
        return linear(c, self.weight)


class MappingNetwork(nn.Module):
    """Map noise ``z`` (and a label ``c``) to styles ``ws``, the same for every layer.

    Karras et al. 2019, section 2. ``w_avg`` is the mean style, for truncation.

    Args:
        z_dim: Width of ``z``.
        c_dim: Width of the label; 0 for an unconditional generator.
        w_dim: Width of a style.
        num_ws: Number of layers.
        num_layers: Number of fully connected layers, at least 1.
        activation: A key of ``ACTIVATIONS``.
        lr_multiplier: See ``FullyConnected``.
        embed_features: Width of the embedded label; None: ``w_dim``.
        layer_features: Width of the hidden layers; None: ``w_dim``.
        label_mode: "embed": normalise the scaled embedding by itself, then join it to ``z``; "concat": join the plain
            projection to ``z``, then normalise.
        gain_on_weights: Whether the activation's gain multiplies the weights instead (StyleGAN1), which leaves the
            bias without it.
    """

    w_avg: Tensor

    def __init__(
        self,
        *,
        z_dim: int,
        c_dim: int,
        w_dim: int,
        num_ws: int,
        num_layers: int,
        activation: str = "lrelu",
        lr_multiplier: float = 0.01,
        embed_features: int | None = None,
        layer_features: int | None = None,
        label_mode: LabelMode = "embed",
        gain_on_weights: bool = False,
    ) -> None:
        super().__init__()
        if num_layers < 1 or label_mode not in get_args(LabelMode) or activation not in ACTIVATIONS:
            raise ValueError(
                f"a mapping network needs at least 1 layer, a label mode of {get_args(LabelMode)} and an activation of "
                f"{sorted(ACTIVATIONS)}; got {num_layers}, {label_mode!r} and {activation!r}"
            )
        self.z_dim, self.c_dim, self.num_ws, self.num_layers = z_dim, c_dim, num_ws, num_layers
        self.joint_norm = label_mode == "concat"
        embedded = (w_dim if embed_features is None else embed_features) if c_dim else 0
        if c_dim:
            self.embed = LabelProjection(c_dim, embedded) if self.joint_norm else FullyConnected(c_dim, embedded)
        hidden = w_dim if layer_features is None else layer_features
        widths = [z_dim + embedded, *[hidden] * (num_layers - 1), w_dim]
        gain = ACTIVATIONS[activation][1] if gain_on_weights else 1.0
        for i in range(num_layers):
            layer = FullyConnected(
                widths[i],
                widths[i + 1],
                activation=activation,
                lr_multiplier=lr_multiplier,
                weight_gain=gain,
                gain=1 / gain,
            )
            self.add_module(f"fc{i}", layer)
        self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(
        self,
        z: Float[Tensor, "B Z"],
        c: Float[Tensor, "B c"] | None = None,
        truncation_psi: float = 1.0,
        truncation_cutoff: int | None = None,
    ) -> Float[Tensor, "B L D"]:
        """Compute styles.

        Args:
            z: Standard normal noise.
            c: Labels (one-hot, or soft); required by a conditional generator.
            truncation_psi: 1 is off, 0 gives the mean style.
            truncation_cutoff: Truncate only so many layers.

        Returns:
            Styles, equal over layers unless truncated in part.

        Raises:
            ValueError: Labels are missing, or given to an unconditional generator.
        """
        if (0 if c is None else c.shape[1]) != self.c_dim:
            got = "none" if c is None else f"width {c.shape[1]}"
            raise ValueError(
                f"this generator needs labels of width {self.c_dim}; got {got}. Pass c of shape (B, c_dim)."
            )
        x = z if self.joint_norm else normalize_2nd_moment(z)
        if c is not None and self.c_dim:
            embedded: Tensor = self.embed(c)
            x = torch.cat([x, embedded if self.joint_norm else normalize_2nd_moment(embedded)], dim=1)
        if self.joint_norm:
            x = normalize_2nd_moment(x)
        for i in range(self.num_layers):
            x = self.get_submodule(f"fc{i}")(x)
        ws = x.unsqueeze(1).expand(-1, self.num_ws, -1)
        return truncate(ws, self.w_avg, truncation_psi, truncation_cutoff)
