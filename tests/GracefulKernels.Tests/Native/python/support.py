"""What the tests share: the module under test, the golden files, DLPack tensors made by hand."""

import ctypes
import json
import os
import sys
import unittest

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", "..", "..", ".."))
NATIVE = os.path.join(ROOT, "src", "GracefulKernels.Native")
MODULE = os.path.join(NATIVE, "python", "graceful_kernels.py")
HEADER = os.path.join(NATIVE, "include", "graceful_kernels.h")
REQUIRED = os.environ.get("GRACEFUL_REQUIRE_NATIVE") == "1"

sys.path.insert(0, os.path.dirname(MODULE))
import graceful_kernels  # noqa: E402

gk = graceful_kernels
IMPORTED_TORCH = "torch" in sys.modules


def need_torch():
    """torch; the tests of the calling file skip where it is not here."""
    try:
        import torch
    except ImportError:
        if REQUIRED:
            raise
        raise unittest.SkipTest("torch is not here (Debian: apt-get install python3-torch)")
    return torch


def golden(family):
    """The folder of a family of golden answers, and its manifest."""
    root = os.environ.get("GRACEFUL_GOLDEN") or os.path.join(ROOT, "..", "shared", "golden")
    folder = os.path.join(root, family)
    if not os.path.isdir(folder):
        raise unittest.SkipTest("the golden files are not here (../shared/golden, or GRACEFUL_GOLDEN)")
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as f:
        return folder, json.load(f)


def golden_array(folder, entry):
    """What a manifest's entry stands for: an array in a file, or one written out ("NaN" is a NaN)."""
    if isinstance(entry, dict):
        return np.load(os.path.join(folder, entry["file"]))
    if isinstance(entry, list):
        return np.array([golden_array(folder, e) for e in entry])
    return float(entry) if isinstance(entry, str) else entry


def logits(rows, classes, seed, scale=3.0):
    """Normal logits, old ones near them, labels that the old model has right half the time."""
    random = np.random.default_rng(seed)
    new = (scale * random.standard_normal((rows, classes))).astype(np.float32)
    old = (new + random.standard_normal((rows, classes))).astype(np.float32)
    right = random.random(rows) < 0.5
    labels = np.where(right, old.argmax(1), random.integers(0, classes, rows))
    return new, old, labels.astype(np.int32)


class Tensor:
    """A DLPack tensor over a NumPy array that counts how often its deleter is called."""

    _new = ctypes.pythonapi.PyCapsule_New
    _new.restype = ctypes.py_object
    _new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    _names = {False: b"dltensor", True: b"dltensor_versioned"}

    def __init__(self, array, versioned=False, device=(1, 0), flags=0, major=1, strides=True,
                 code=None, byte_offset=0):
        self.array = array
        self.deleted = 0
        self.versioned = versioned
        self.device = device
        codes = {"f": 2, "i": 0, "u": 1}
        self._shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        self._strides = (ctypes.c_int64 * array.ndim)(*(s // array.itemsize for s in array.strides))
        self._deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._delete)
        kind = gk._DLManagedTensorVersioned if versioned else gk._DLManagedTensor
        self.managed = kind()
        self.managed.deleter = ctypes.cast(self._deleter, ctypes.c_void_p).value
        if versioned:
            self.managed.major, self.managed.minor, self.managed.flags = major, 0, flags
        tensor = self.managed.dl_tensor
        tensor.data = array.ctypes.data - byte_offset
        tensor.byte_offset = byte_offset
        tensor.device.device_type, tensor.device.device_id = device
        tensor.ndim = array.ndim
        tensor.dtype.code = codes[array.dtype.kind] if code is None else code
        tensor.dtype.bits, tensor.dtype.lanes = 8 * array.itemsize, 1
        tensor.shape = self._shape
        if strides:
            tensor.strides = self._strides

    def _delete(self, pointer):
        assert pointer == ctypes.addressof(self.managed)
        self.deleted += 1

    def capsule(self):
        return self._new(ctypes.addressof(self.managed), self._names[self.versioned], None)

    def __dlpack__(self, *, stream=None, max_version=None):
        return self.capsule()

    def __dlpack_device__(self):
        return self.device


def environment(**more):
    """The environment of a process that can import graceful_kernels."""
    return {**os.environ, "PYTHONPATH": os.path.dirname(MODULE), **more}
