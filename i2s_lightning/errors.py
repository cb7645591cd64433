"""Errors that a user can cause, and what each means.

::

    I2SError
    ├── UnsupportedWeightsError   a file is not a generator (or VGG) that we can load, or is damaged
    ├── CheckpointError           a result, checkpoint or run folder does not fit what is asked of it
    ├── ImageError                a picture can't be read or does not fit   (also a ValueError)
    └── ConfigError               options that contradict each other        (also a ValueError)

Every message says what was expected, what came, and what to do. Plain ``ValueError`` is for wrong arguments of
Python functions.
"""


class I2SError(Exception):
    """Base of every error that this package raises on purpose."""


class UnsupportedWeightsError(I2SError):
    """A weight file can't be used: unknown layout, damaged, hostile, or for another network."""


class CheckpointError(I2SError):
    """A stored result, checkpoint or run folder does not fit what is asked of it."""


class ImageError(I2SError, ValueError):
    """A picture can't be read, or its shape or range is not what was expected."""


class ConfigError(I2SError, ValueError):
    """Options that contradict each other or the data."""
