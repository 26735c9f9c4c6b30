"""Who would read a stream. Loaders differ in what they accept, and in what they do beside the opcodes."""

from __future__ import annotations

from enum import StrEnum


class Loader(StrEnum):
    """An unpickler, as it is told to read."""

    C = "c"
    """`pickle.load`, the accelerated one."""
    PYTHON = "python"
    """The same, written in Python; also what dill and cloudpickle build on."""
    TORCH = "torch"
    """`torch.load(weights_only=False)`."""
    TORCH_WEIGHTS_ONLY = "torch_weights_only"
    """torch's own small unpickler: it calls only what stands on torch's list."""
    JOBLIB = "joblib"
    """`joblib.load`: the bytes of arrays stand between the opcodes."""
    NUMPY = "numpy"
    """`numpy.load(allow_pickle=True)`."""

    @property
    def words(self) -> str:
        """How it is called, for `Observation.loader`; empty for plain pickle, every loader's base."""
        return _WORDS[self]

    @property
    def encoding(self) -> str:
        """How it decodes the byte strings of Python 2, unless the caller says otherwise."""
        return "utf-8" if self in (Loader.TORCH, Loader.TORCH_WEIGHTS_ONLY) else "ascii"

    @property
    def asks_for_storages(self) -> bool:
        """Whether persistent ids are its own business."""
        return self in (Loader.TORCH, Loader.TORCH_WEIGHTS_ONLY)


_WORDS = {
    Loader.C: "",
    Loader.PYTHON: "",
    Loader.TORCH: "torch.load(weights_only=False)",
    Loader.TORCH_WEIGHTS_ONLY: "torch.load(weights_only=True)",
    Loader.JOBLIB: "joblib.load",
    Loader.NUMPY: "numpy.load(allow_pickle=True)",
}
