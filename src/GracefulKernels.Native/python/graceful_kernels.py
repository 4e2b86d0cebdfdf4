"""Kernels for graceful model updates, from Python: a thin layer of ctypes over libgracefulkernels.

What an update gains and what it breaks (flips of predictions, NFR), losses that keep what the old
model has right (positive-congruent training), linear quadratic fine-tuning (LQF) of a network from
an ONNX file, and the dense kernels under them. Needs Python 3.8 and NumPy; torch is optional, and
never imported: it is there already where the arrays given are torch's.

**Arrays.** Every function takes NumPy arrays, torch tensors on the CPU, anything else with
``__dlpack__``, and DLPack capsules (``dltensor`` and ``dltensor_versioned``; a capsule can be
given once). Their memory is read and written where it lies: nothing is copied, cast or moved. An
array of another type (float32 is what most functions want), on another device, read-only where it
is written to, or strided in a way that the kernel cannot follow, is refused, and the message names
it. *Matrices* may have gaps between their rows, *dense* arrays may not. There is one copy, of as
many elements as there are samples: int64 labels and predictions are narrowed to int32.

**Outputs** are new NumPy arrays, or torch tensors where the first array given is one. To have them
in memory of your own, give an array for the output (``out=``, ``gradient=``, ...). An output that
is asked for by a switch takes ``True`` (a new array), ``False`` (not computed) or an array to be
written.

**Threads.** A Device may be used by any number of threads at once; calls on one Network,
Linearized, Factors or Model wait for one another. The interpreter's lock is released during a
call. Do not close anything, and do not change arrays, while another thread's call uses them.

**Results** are the same bits on every instruction set and for any number of threads.

**Errors.** TypeError and ValueError name the argument and its shape; GracefulError is what the
library itself refused. Nothing has been written then, unless a function says so.

Sources: Yan et al., "Positive-Congruent Training", CVPR 2021 (PC); Achille et al., "LQF: Linear
Quadratic Fine-Tuning", CVPR 2021 (LQF); Zhao et al., "ELODI", 2022 (LDI).
"""

from __future__ import annotations

import ctypes
import functools
import math
import operator
import os
import sys
import threading
from dataclasses import dataclass, fields, replace
from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

__all__ = [
    "Device", "default_device", "version",
    "GracefulError", "NotPositiveDefiniteError",
    "gemm", "syrk", "potrf", "potri", "potrs", "kronecker_apply",
    "convolution_forward", "convolution_jvp", "convolution_input_gradient",
    "convolution_weight_gradient", "patch_covariance",
    "row_loss", "RowLoss", "PositiveCongruentLoss",
    "FlipCounts", "flips_from_logits", "flips_from_predictions", "pairwise_flips",
    "linear_cross_entropy", "LinearLoss", "top_k",
    "Network", "Linearized", "Factors", "Model", "SolveResult",
]

Array = Any
"""A NumPy array, a torch tensor on the CPU, an object with ``__dlpack__``, or a DLPack capsule."""

Output = Union[bool, Array]
"""True: a new array; False: not computed; an array: written there."""


# ------------------------------------------------------------------------------------ the library

_ABI_VERSION = 1

# Every function that returns a status: p pointer, s text, i int32, l int64, f float, d double.
_FUNCTIONS = {
    "gk_device_open": "isip",
    "gk_device_close": "p",
    "gk_device_describe": "ppl",
    "gk_gemm": "piilllfplplfpl",
    "gk_syrk": "pillfplfpl",
    "gk_potrf": "plplp",
    "gk_potri": "plpl",
    "gk_potrs": "plpllpl",
    "gk_kronecker_apply": "pllppppp",
    "gk_convolution_output": "ppp",
    "gk_convolution_forward": "pppppp",
    "gk_convolution_jvp": "pppppppp",
    "gk_convolution_input_gradient": "ppppfp",
    "gk_convolution_weight_gradient": "ppppfp",
    "gk_patch_covariance": "pppip",
    "gk_row_loss": "ppllplplplpppppp",
    "gk_flips_from_logits": "pllplplpipp",
    "gk_flips_from_predictions": "pllpppipp",
    "gk_pairwise_flips": "pllppipp",
    "gk_linear_cross_entropy": "pplllplplppppppp",
    "gk_top_k": "pllllpppppp",
    "gk_network_load": "psfp",
    "gk_network_describe": "pp",
    "gk_network_with_head": "ppplldp",
    "gk_network_predict": "pplp",
    "gk_network_close": "p",
    "gk_linearize": "pplp",
    "gk_linearized_jvp": "ppp",
    "gk_linearized_vjp": "ppp",
    "gk_linearized_close": "p",
    "gk_factors_compute": "pp",
    "gk_factors_save": "ps",
    "gk_factors_close": "p",
    "gk_solve": "ppppppp",
    "gk_fine_tune": "pppllp",
    "gk_model_describe": "pp",
    "gk_model_predict": "pplp",
    "gk_model_update": "ppl",
    "gk_model_save": "ps",
    "gk_model_load": "psp",
    "gk_model_close": "p",
}

_TYPES = {
    "p": ctypes.c_void_p, "s": ctypes.c_char_p, "i": ctypes.c_int32, "l": ctypes.c_int64,
    "f": ctypes.c_float, "d": ctypes.c_double,
}


def _library_name() -> str:
    if sys.platform == "win32":
        return "gracefulkernels.dll"
    return "libgracefulkernels" + (".dylib" if sys.platform == "darwin" else ".so")


def _find_library() -> str:
    """GRACEFUL_KERNELS (a file or folder), or near this module, or a bare name for the loader."""
    name = _library_name()
    named = os.environ.get("GRACEFUL_KERNELS")
    if named:
        path = os.path.join(named, name) if os.path.isdir(named) else named
        if not os.path.isfile(path):
            raise ImportError(f"GRACEFUL_KERNELS is {named!r}, but there is no file {path}")
        return os.path.abspath(path)
    here = os.path.dirname(os.path.abspath(__file__))
    for folder in (".", "../lib", "../runtimes/linux-x64/native"):  # last: NuGet
        path = os.path.normpath(os.path.join(here, folder, name))
        if os.path.isfile(path):
            return path
    return name  # what the loader finds on its own path


def _load_library() -> ctypes.CDLL:
    path = _find_library()
    try:
        library = ctypes.CDLL(path)
    except OSError as e:
        raise ImportError(
            f"cannot load {path}: {e}. Put {_library_name()} beside graceful_kernels.py or into "
            "../lib, or name it or its folder in the environment variable GRACEFUL_KERNELS") from e
    try:
        library.gk_abi_version.restype = ctypes.c_int32
        abi = library.gk_abi_version()
        if abi != _ABI_VERSION:
            raise ImportError(
                f"{path} has the ABI number {abi}; this graceful_kernels.py is for "
                f"{_ABI_VERSION}: take both from one release")
        for name, codes in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype = ctypes.c_int32
            function.argtypes = [_TYPES[c] for c in codes]
        for name in ("gk_version", "gk_last_error", "gk_status_name"):
            getattr(library, name).restype = ctypes.c_char_p
        library.gk_status_name.argtypes = [ctypes.c_int32]
    except AttributeError as e:
        raise ImportError(f"{path} is not this release's {_library_name()}: {e}") from e
    return library


_library = _load_library()
_started = False  # the library's threads are there: from the first call on
_forked = False


def _after_fork() -> None:
    global _forked
    _forked = _started


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def version() -> str:
    """The library's version, for example "0.1.0"."""
    return _library.gk_version().decode()


class GracefulError(RuntimeError):
    """What the library refused or could not do.

    ``status`` is the constant's name in graceful_kernels.h, for example "GK_INVALID_ARGUMENT";
    ``message`` says why.
    """

    def __init__(self, status: str, message: str, *more: Any) -> None:
        super().__init__(status, message, *more)  # what a pickle makes it from again
        self.status = status
        self.message = message

    def __str__(self) -> str:
        return f"{self.message} ({self.status})"


class NotPositiveDefiniteError(GracefulError):
    """A pivot of a Cholesky factorisation is not positive; ``pivot`` is its column."""

    def __init__(self, status: str, message: str, pivot: int) -> None:
        super().__init__(status, message, pivot)
        self.pivot = pivot


def _call(name: str, *arguments: Any) -> None:
    """Calls a function of the library; its status becomes an exception."""
    global _started
    if _forked:
        raise GracefulError(
            "GK_NOT_SUPPORTED", "this process was forked after the first call of "
            "graceful_kernels, and the library's threads stayed behind: use the start method "
            "'spawn' or 'forkserver'")
    _started = True
    status = getattr(_library, name)(*arguments)
    if status != 0:
        message = _library.gk_last_error().decode("utf-8", "replace")
        raise GracefulError(_library.gk_status_name(status).decode(), message or f"{name} failed")


# ----------------------------------------------------------------------------------------- DLPack

class _DLDevice(ctypes.Structure):
    _fields_ = [("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32)]


class _DLDataType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class _DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p), ("device", _DLDevice), ("ndim", ctypes.c_int32),
        ("dtype", _DLDataType), ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]


class _DLManagedTensor(ctypes.Structure):
    _fields_ = [
        ("dl_tensor", _DLTensor), ("manager_ctx", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


class _DLManagedTensorVersioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32), ("minor", ctypes.c_uint32), ("manager_ctx", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p), ("flags", ctypes.c_uint64), ("dl_tensor", _DLTensor)]


_DL_READ_ONLY = 1
_DL_IS_COPIED = 2

_DL_DEVICES = {
    1: "cpu", 2: "cuda", 3: "cuda_host", 4: "opencl", 7: "vulkan", 8: "metal", 9: "vpi",
    10: "rocm", 11: "rocm_host", 12: "ext_dev", 13: "cuda_managed", 14: "oneapi", 15: "webgpu",
    16: "hexagon"}
_DL_HOST = (1, 3, 11)  # memory that a processor reads as its own
_DL_CODES = {0: "int", 1: "uint", 2: "float", 3: "handle", 4: "bfloat", 5: "complex", 6: "bool"}

# The deleter runs with the interpreter's lock held, as it does where the producer frees a capsule.
_Deleter = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)

_capsule_name = ctypes.pythonapi.PyCapsule_GetName
_capsule_name.restype, _capsule_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
_capsule_rename = ctypes.pythonapi.PyCapsule_SetName
_capsule_rename.restype = ctypes.c_int
_capsule_rename.argtypes = [ctypes.py_object, ctypes.c_char_p]

_USED = {b"dltensor": b"used_dltensor", b"dltensor_versioned": b"used_dltensor_versioned"}
for _name in _USED.values():
    # A capsule holds a pointer to its name, not the name: these must outlive this module.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_name))


def _device_name(device_type: int, device_id: int) -> str:
    return f"{_DL_DEVICES.get(device_type, f'device type {device_type}')}:{device_id}"


def _need_host(name: str, device_type: int, device_id: int) -> None:
    if device_type not in _DL_HOST:
        raise ValueError(
            f"{name} is on {_device_name(device_type, device_id)}; this library computes on the "
            "processor: copy it there first")


# ----------------------------------------------------------------------------- the caller's arrays

class _View(NamedTuple):
    """Somebody's memory. Strides are in elements."""

    name: str
    pointer: int
    shape: Tuple[int, ...]
    strides: Tuple[int, ...]
    dtype: str
    writable: bool

    def __str__(self) -> str:
        return f"{self.name} of shape {self.shape} and strides {self.strides}"

    def matrix(self) -> Tuple[int, int, int]:
        """Rows, columns and leading dimension."""
        if len(self.shape) != 2:
            raise ValueError(f"{self.name} has shape {self.shape}; expected a matrix")
        rows, columns = self.shape
        ld = self.strides[0] if rows > 1 else columns
        if columns > 1 and rows > 0 and self.strides[1] != 1 or ld < columns:
            raise ValueError(
                f"{self}: the elements of a row must lie side by side (stride 1), and rows must "
                f"follow one another without overlap (stride {columns} or more)")
        return rows, columns, ld

    def operand(self) -> Tuple[int, int, int, bool]:
        """Rows, columns, leading dimension, and whether it lies transposed in memory."""
        if len(self.shape) == 2 and self.strides[0] == 1 and self.strides[1] >= self.shape[0] > 1:
            return self.shape[0], self.shape[1], self.strides[1], True
        return (*self.matrix(), False)

    def dense(self, *shape: Optional[int]) -> int:
        """The pointer, after a check of the shape (None: any size) and that there are no gaps."""
        self.sized(*shape)
        expected = 1
        for size, stride in zip(reversed(self.shape), reversed(self.strides)):
            if size > 1 and stride != expected and 0 not in self.shape:
                raise ValueError(f"{self}: expected a dense row-major array, without gaps")
            expected *= size
        return self.pointer

    def sized(self, *shape: Optional[int]) -> None:
        """Checks the shape; None stands for any size."""
        if len(shape) != len(self.shape) or any(
                s is not None and s != t for s, t in zip(shape, self.shape)):
            wanted = ", ".join("*" if s is None else str(s) for s in shape)
            comma = "," if len(shape) == 1 else ""
            raise ValueError(f"{self.name} has shape {self.shape}; expected ({wanted}{comma})")

    def array(self) -> np.ndarray:
        """The memory as a NumPy array; not to be kept."""
        dtype = np.dtype(self.dtype)
        holder = type("_Holder", (), {"__array_interface__": {
            "version": 3, "data": (self.pointer, not self.writable), "shape": self.shape,
            "typestr": dtype.str, "strides": tuple(s * dtype.itemsize for s in self.strides)}})()
        return np.asarray(holder)


def _torch_of(value: Any) -> Any:
    """The module torch where the value is a tensor of it, else None. Never imports it."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and isinstance(value, torch.Tensor) else None


def _detached(value: Array) -> Array:
    """A tensor of torch without its graph (the same memory); anything else as it is."""
    return value if _torch_of(value) is None else value.detach()


def _view_numpy(name: str, value: np.ndarray) -> _View:
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array: its mask would be lost")
    size = max(value.dtype.itemsize, 1)
    if any(s % size for s in value.strides):
        raise ValueError(
            f"{name} has strides of {value.strides} bytes, not whole elements of {size}")
    return _View(
        name, value.ctypes.data, value.shape, tuple(s // size for s in value.strides),
        str(value.dtype), value.flags.writeable)


def _view_torch(name: str, value: Any, torch: Any) -> _View:
    if value.device.type != "cpu":
        raise ValueError(
            f"{name} is on {value.device}; this library computes on the processor: copy it there "
            "first")
    if value.layout != torch.strided:
        raise TypeError(f"{name} has layout {value.layout}; expected torch.strided")
    if value.requires_grad:
        raise ValueError(
            f"{name} requires grad, and no gradient would flow: give {name}.detach(), or train "
            "with PositiveCongruentLoss")
    if value.is_neg() or value.is_conj():
        raise ValueError(
            f"{name} is a view with a pending negation or conjugation: resolve it first")
    return _View(
        name, value.data_ptr(), tuple(value.shape), value.stride(),
        str(value.dtype).replace("torch.", "", 1), True)


def _view_capsule(name: str, capsule: Any, releases: List[Callable[[], None]]) -> _View:
    """Takes a capsule's tensor over; it goes back to its producer with the releases."""
    kind = _capsule_name(capsule)
    if kind in _USED.values():
        raise ValueError(
            f"{name} is a DLPack capsule that has been consumed already ({kind.decode()})")
    if kind not in _USED:
        raise TypeError(
            f"{name} is a capsule {kind!r}; expected 'dltensor' or 'dltensor_versioned'")
    pointer = _capsule_pointer(capsule, kind)
    versioned = kind == b"dltensor_versioned"
    kind_of = _DLManagedTensorVersioned if versioned else _DLManagedTensor
    managed = kind_of.from_address(pointer)
    _capsule_rename(capsule, _USED[kind])
    if managed.deleter:
        releases.append(functools.partial(_Deleter(managed.deleter), pointer))
    # Of another major version only the fields before this point can be relied on.
    if versioned and managed.major != 1:
        raise ValueError(f"{name} is DLPack {managed.major}.{managed.minor}; expected version 1")
    flags = managed.flags if versioned else 0
    tensor = managed.dl_tensor
    _need_host(name, tensor.device.device_type, tensor.device.device_id)
    code = _DL_CODES.get(tensor.dtype.code, f"type code {tensor.dtype.code}, ")
    lanes = f"x{tensor.dtype.lanes}" if tensor.dtype.lanes != 1 else ""
    shape = tuple(tensor.shape[:tensor.ndim]) if tensor.ndim else ()
    if tensor.strides and tensor.ndim:
        strides = tuple(tensor.strides[:tensor.ndim])
    else:
        strides = tuple(math.prod(shape[i + 1:]) for i in range(len(shape)))
    # What a producer had to copy is not the memory that the caller wants written.
    return _View(
        name, (tensor.data or 0) + tensor.byte_offset, shape, strides,
        f"{code}{tensor.dtype.bits}{lanes}", not flags & (_DL_READ_ONLY | _DL_IS_COPIED))


def _view_dlpack(name: str, value: Any, releases: List[Callable[[], None]]) -> _View:
    device_type, device_id = value.__dlpack_device__()
    _need_host(name, int(device_type), int(device_id))
    try:
        capsule = value.__dlpack__(max_version=(1, 0))
    except TypeError:  # made before the protocol had versions
        capsule = value.__dlpack__()
    return _view_capsule(name, capsule, releases)


_EMPTY = (ctypes.c_double * 1)()  # what an array without elements points to


class _Arguments:
    """The arrays of one call; on leaving, tensors taken over from capsules go back."""

    def __init__(self) -> None:
        self._releases: List[Callable[[], None]] = []
        self._narrowed: List[np.ndarray] = []

    def __enter__(self) -> _Arguments:
        return self

    def __exit__(self, *_: Any) -> None:
        while self._releases:
            self._releases.pop()()

    def any(self, name: str, value: Array, dtypes: Sequence[str], writable: bool = False) -> _View:
        """A view of the value, of one of these types."""
        torch = _torch_of(value)
        if isinstance(value, np.ndarray):
            view = _view_numpy(name, value)
        elif torch is not None:
            view = _view_torch(name, value, torch)
        elif type(value).__name__ == "PyCapsule":
            view = _view_capsule(name, value, self._releases)
        elif hasattr(value, "__dlpack__") and hasattr(value, "__dlpack_device__"):
            view = _view_dlpack(name, value, self._releases)
        else:
            raise TypeError(
                f"{name} is a {type(value).__name__}; expected a NumPy array, a torch tensor, an "
                "object with __dlpack__ or a DLPack capsule")
        if view.dtype not in dtypes:
            raise TypeError(f"{name} is of type {view.dtype}; expected {' or '.join(dtypes)}")
        if any(s < 0 for s in view.strides):
            raise ValueError(f"{view}: negative strides are not supported")
        if writable and not view.writable:
            raise ValueError(f"{name} is read-only, or a copy, and is to be written")
        if math.prod(view.shape) == 0:
            return view._replace(pointer=ctypes.addressof(_EMPTY))
        if not view.pointer or view.pointer % np.dtype(view.dtype).itemsize:
            raise ValueError(f"{name} lies at address {view.pointer}, not aligned to {view.dtype}")
        return view

    def floats(self, name: str, value: Array) -> _View:
        """A view of float32 that is read."""
        return self.any(name, value, ("float32",))

    def matrix(self, name: str, value: Array, rows: Optional[int] = None,
               columns: Optional[int] = None) -> Tuple[int, int, int, int]:
        """Pointer, rows, columns and leading dimension of a float32 matrix that is read."""
        view = self.floats(name, value)
        if len(view.shape) == 2:
            view.sized(rows, columns)
        return (view.pointer, *view.matrix())

    def optional_matrix(self, name: str, value: Optional[Array], rows: int,
                        columns: int) -> Tuple[Optional[int], int]:
        """Pointer and leading dimension; None and 0 for None."""
        if value is None:
            return None, 0
        pointer, _, _, ld = self.matrix(name, value, rows, columns)
        return pointer, ld

    def optional(self, name: str, value: Optional[Array], *shape: int) -> Optional[int]:
        """Pointer of a dense float32 array that is read; None for None."""
        return None if value is None else self.floats(name, value).dense(*shape)

    def integers(self, name: str, value: Array, *shape: Optional[int]) -> _View:
        """Labels or predictions: dense int32 as they are, int64 narrowed to a copy."""
        view = self.any(name, value, ("int32", "int64"))
        view.sized(*shape)
        if view.dtype == "int32":
            view.dense(*shape)
            return view
        wide = view.array()
        narrow = wide.astype(np.int32, order="C")
        if wide.size and not np.array_equal(narrow, wide):
            where = tuple(int(i) for i in np.argwhere(narrow != wide)[0])
            place = ", ".join(map(str, where))
            raise ValueError(f"{name}[{place}] = {wide[where]} does not fit int32")
        self._narrowed.append(narrow)
        return _view_numpy(name, narrow)

    def output(self, name: str, wanted: Optional[Output], shape: Tuple[int, ...], like: Array,
               dtype: str = "float32") -> Tuple[Optional[Array], Optional[int]]:
        """The array that an output goes to, and its pointer; None twice where it is not wanted."""
        if wanted is None or wanted is False:
            return None, None
        if wanted is True:
            torch = _torch_of(like)
            wanted = (np.empty(shape, dtype) if torch is None
                      else torch.empty(shape, dtype=getattr(torch, dtype)))
        return wanted, self.any(name, wanted, (dtype,), writable=True).dense(*shape)

    def output_matrix(self, name: str, value: Array, dtype: str) -> Tuple[int, int, int, int]:
        """Pointer, rows, columns and leading dimension of a matrix that is written."""
        view = self.any(name, value, (dtype,), writable=True)
        return (view.pointer, *view.matrix())


def _new(shape: Tuple[int, ...], like: Array, dtype: str = "float32") -> Array:
    torch = _torch_of(like)
    return np.zeros(shape, dtype) if torch is None else torch.zeros(
        shape, dtype=getattr(torch, dtype))


def _int32(name: str, value: Any) -> int:
    """ctypes cuts larger numbers off without a word."""
    number = operator.index(value)
    if not -2 ** 31 <= number < 2 ** 31:
        raise ValueError(f"{name} is {number}; expected an int32")
    return number


def _int64(name: str, value: Any) -> int:
    number = operator.index(value)
    if not -2 ** 63 <= number < 2 ** 63:
        raise ValueError(f"{name} is {number}; expected an int64")
    return number


def _choice(name: str, value: str, choices: Sequence[str]) -> int:
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, choices))}")
    return choices.index(value)


# ---------------------------------------------------------------------------------------- devices

class _Handle:
    """Something of the library's, to be closed: by close(), a with block, or its collection."""

    _close = ""

    def __init__(self, pointer: int, device: Optional[Device]) -> None:
        self._pointer: Optional[int] = pointer
        self._device = device  # kept: the library's device must live longer

    @property
    def handle(self) -> int:
        """The library's pointer; an error after close() of this or of its device."""
        if self._pointer is None:
            raise GracefulError("GK_INVALID_HANDLE", f"this {type(self).__name__} is closed")
        if self._device is not None and self._device._pointer is None:
            raise GracefulError(
                "GK_INVALID_HANDLE", f"the Device of this {type(self).__name__} is closed")
        return self._pointer

    def close(self) -> None:
        """Frees what the library holds. The second call does nothing."""
        pointer, self._pointer = self._pointer, None
        if pointer is not None and not _forked:
            getattr(_library, self._close)(pointer)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        # Not made at all, or the interpreter is shutting down and has emptied this module.
        if getattr(self, "_pointer", None) is not None and _library is not None:
            self.close()


class Device(_Handle):
    """The processor, with an instruction set and threads of its own.

    simd     "avx512", "avx2", "vector128", "scalar", or None for the best that is here.
    threads  threads that one call may use, the caller's included, 1 to 1024; 0 for one a core.

    Networks and models of a closed device can not be used any more.
    """

    _close = "gk_device_close"

    def __init__(self, simd: Optional[str] = None, threads: int = 0) -> None:
        pointer = ctypes.c_void_p()
        _call("gk_device_open", _ABI_VERSION, None if simd is None else simd.encode(),
              _int32("threads", threads), ctypes.byref(pointer))
        super().__init__(pointer.value, None)

    def __repr__(self) -> str:
        if self._pointer is None:
            return "<graceful_kernels.Device, closed>"
        text = ctypes.create_string_buffer(256)
        _call("gk_device_describe", self.handle, text, len(text))
        return f"<graceful_kernels.Device {text.value.decode()}>"


_default: Optional[Device] = None
_default_lock = threading.Lock()


def default_device() -> Device:
    """The device of all calls that name none: the best instruction set, one thread a core.

    Opened by the first such call and again after it was closed.
    """
    global _default
    with _default_lock:
        if _default is None or _default._pointer is None:
            _default = Device()
        return _default


def _handle(device: Optional[Device]) -> int:
    return (default_device() if device is None else device).handle


# ------------------------------------------------------------------------------------------ dense

def gemm(a: Array, b: Array, c: Optional[Array] = None, *, alpha: float = 1.0, beta: float = 0.0,
         device: Optional[Device] = None) -> Array:
    """C = alpha A B + beta C in float32.

    a, b  matrices [m, k] and [k, n]; transposed views (``x.T``) are taken as they lie.
    c     matrix [m, n]: written and returned; beta = 0 never reads it. None: a new one, beta is 0.
    """
    with _Arguments() as arguments:
        va, vb = arguments.floats("a", a), arguments.floats("b", b)
        m, k, lda, transpose_a = va.operand()
        kb, n, ldb, transpose_b = vb.operand()
        if k != kb:
            raise ValueError(
                f"a has shape {va.shape} and b {vb.shape}; expected as many columns as rows")
        if c is None:
            if beta != 0:
                raise ValueError(f"beta is {beta}, but there is no c")
            c = _new((m, n), a)
        pc, rows, columns, ldc = arguments.output_matrix("c", c, "float32")
        if (rows, columns) != (m, n):
            raise ValueError(f"c has shape {(rows, columns)}; expected {(m, n)}")
        _call("gk_gemm", _handle(device), transpose_a, transpose_b, m, n, k, float(alpha),
              va.pointer, lda, vb.pointer, ldb, float(beta), pc, ldc)
        return c


def syrk(a: Array, c: Optional[Array] = None, *, alpha: float = 1.0, beta: float = 0.0,
         device: Optional[Device] = None) -> Array:
    """The lower triangle of C = alpha A Aᵀ + beta C in float32.

    a  matrix [n, k]; ``syrk(x.T)`` is xᵀ x, x taken as it lies.
    c  matrix [n, n]: written and returned, what is above its diagonal is left alone. None: a new
       one, zeros above.
    """
    with _Arguments() as arguments:
        va = arguments.floats("a", a)
        n, k, lda, transpose = va.operand()
        if c is None:
            if beta != 0:
                raise ValueError(f"beta is {beta}, but there is no c")
            c = _new((n, n), a)
        pc, rows, columns, ldc = arguments.output_matrix("c", c, "float32")
        if (rows, columns) != (n, n):
            raise ValueError(f"c has shape {(rows, columns)}; expected {(n, n)}")
        _call("gk_syrk", _handle(device), transpose, n, k, float(alpha), va.pointer, lda,
              float(beta), pc, ldc)
        return c


def potrf(a: Array, *, device: Optional[Device] = None) -> Array:
    """Cholesky factor L of A = L Lᵀ in float64, in place: returns ``a``, L in its lower triangle.

    a  matrix [n, n]; the upper triangle is neither read nor written.

    Raises NotPositiveDefiniteError with the column of the first pivot that is not positive; the
    triangle is spoilt then.
    """
    with _Arguments() as arguments:
        pointer, rows, columns, ld = arguments.output_matrix("a", a, "float64")
        _need_square("a", rows, columns)
        pivot = ctypes.c_int64(-1)
        try:
            _call("gk_potrf", _handle(device), rows, pointer, ld, ctypes.byref(pivot))
        except GracefulError as e:
            if e.status != "GK_NOT_POSITIVE_DEFINITE":
                raise
            raise NotPositiveDefiniteError(e.status, e.message, pivot.value) from None
        return a


def potri(factor: Array, *, device: Optional[Device] = None) -> Array:
    """A⁻¹ in float64 from the factor of potrf, in place: returns ``factor``, both triangles."""
    with _Arguments() as arguments:
        pointer, rows, columns, ld = arguments.output_matrix("factor", factor, "float64")
        _need_square("factor", rows, columns)
        _call("gk_potri", _handle(device), rows, pointer, ld)
        return factor


def potrs(factor: Array, b: Array, *, device: Optional[Device] = None) -> Array:
    """Solves A X = B in float64 from the factor of potrf, in place: returns ``b`` with X.

    factor  matrix [n, n].
    b       matrix [n, columns], or a dense vector [n].
    """
    with _Arguments() as arguments:
        vf = arguments.any("factor", factor, ("float64",))
        n, columns, ldf = vf.matrix()
        _need_square("factor", n, columns)
        vb = arguments.any("b", b, ("float64",), writable=True)
        if len(vb.shape) == 1:
            vb.dense(n)
            width, ldb = 1, 1
        else:
            vb.sized(n, None)
            _, width, ldb = vb.matrix()
        _call("gk_potrs", _handle(device), n, vf.pointer, ldf, width, vb.pointer, ldb)
        return b


def _need_square(name: str, rows: int, columns: int) -> None:
    if rows != columns:
        raise ValueError(f"{name} has shape {(rows, columns)}; expected a square matrix")


def kronecker_apply(left: Optional[Array], right: Array, v: Array, out: Optional[Array] = None, *,
                    workspace: Optional[Array] = None, device: Optional[Device] = None) -> Array:
    """Y = L V R in float32, the two-sided apply of a Kronecker-factored preconditioner.

    left, right  dense symmetric [rows, rows] and [columns, columns]; left may be None, the
                 identity.
    v, out       dense [rows, columns].
    workspace    dense [rows, columns], overwritten; None: the call allocates it.
    """
    with _Arguments() as arguments:
        vv = arguments.floats("v", v)
        pv = vv.dense(None, None)
        rows, columns = vv.shape
        pl = arguments.optional("left", left, rows, rows)
        pr = arguments.floats("right", right).dense(columns, columns)
        _, pw = arguments.output("workspace", workspace, (rows, columns), v)
        out, py = arguments.output("out", True if out is None else out, (rows, columns), v)
        _call("gk_kronecker_apply", _handle(device), rows, columns, pl, pr, pv, pw, py)
        return out


# ----------------------------------------------------------------------------------- convolutions

class _ConvolutionShape(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in (
        "batch", "height", "width", "in_channels", "out_channels", "kernel_height", "kernel_width",
        "stride_y", "stride_x", "pad_top", "pad_left", "pad_bottom", "pad_right", "dilation_y",
        "dilation_x")]


Pair = Union[int, Sequence[int]]
"""One number for both axes, or (vertical, horizontal); padding also (top, left, bottom, right)."""


def _pair(name: str, value: Pair) -> Tuple[int, int]:
    pair = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"{name} is {value!r}; expected one number or (vertical, horizontal)")
    return _int64(name, pair[0]), _int64(name, pair[1])


def _convolution(images: Sequence[int], kernel: Sequence[int], out_channels: int, stride: Pair,
                 padding: Pair, dilation: Pair) -> _ConvolutionShape:
    if isinstance(padding, (tuple, list)) and len(padding) == 4:
        pads = tuple(_int64("padding", p) for p in padding)
    else:
        pads = _pair("padding", padding) * 2
    return _ConvolutionShape(
        *images, out_channels, *kernel, *_pair("stride", stride), *pads,
        *_pair("dilation", dilation))


def _output_size(shape: _ConvolutionShape) -> Tuple[int, int]:
    height, width = ctypes.c_int64(), ctypes.c_int64()
    _call("gk_convolution_output", ctypes.byref(shape), ctypes.byref(height), ctypes.byref(width))
    return height.value, width.value


def _images_and_weights(arguments: _Arguments, x: Array, w: Array, stride: Pair, padding: Pair,
                        dilation: Pair) -> Tuple[int, int, _ConvolutionShape, Tuple[int, ...]]:
    """Pointers of x and w, the convolution, and the shape of y."""
    vx, vw = arguments.floats("x", x), arguments.floats("w", w)
    px = vx.dense(None, None, None, None)
    pw = vw.dense(None, None, None, vx.shape[3])
    shape = _convolution(vx.shape, vw.shape[1:3], vw.shape[0], stride, padding, dilation)
    return px, pw, shape, (vx.shape[0], *_output_size(shape), vw.shape[0])


def convolution_forward(x: Array, w: Array, bias: Optional[Array] = None,
                        out: Optional[Array] = None, *, stride: Pair = 1, padding: Pair = 0,
                        dilation: Pair = 1, device: Optional[Device] = None) -> Array:
    """y = w * x + bias in float32; padding is zeros. All arrays dense.

    x     [batch, height, width, in].
    w     [out, kernel height, kernel width, in].
    bias  [out], optional.
    out   [batch, out height, out width, out]: written and returned.

    torch's channels-last tensors are ``t.permute(0, 2, 3, 1)`` here, images and weights alike,
    without a copy.
    """
    with _Arguments() as arguments:
        px, pw, shape, y = _images_and_weights(arguments, x, w, stride, padding, dilation)
        pb = arguments.optional("bias", bias, y[3])
        out, py = arguments.output("out", True if out is None else out, y, x)
        _call("gk_convolution_forward", _handle(device), ctypes.byref(shape), px, pw, pb, py)
        return out


def convolution_jvp(x: Array, w: Array, dx: Array, dw: Array, dbias: Optional[Array] = None,
                    out: Optional[Array] = None, *, stride: Pair = 1, padding: Pair = 0,
                    dilation: Pair = 1, device: Optional[Device] = None) -> Array:
    """dy = w * dx + dw * x + dbias, the JVP at (x, w) along (dx, dw, dbias), as one product.

    Shapes as in convolution_forward; dx as x, dw as w.
    """
    with _Arguments() as arguments:
        px, pw, shape, y = _images_and_weights(arguments, x, w, stride, padding, dilation)
        pdx = arguments.floats("dx", dx).dense(
            shape.batch, shape.height, shape.width, shape.in_channels)
        pdw = arguments.floats("dw", dw).dense(
            shape.out_channels, shape.kernel_height, shape.kernel_width, shape.in_channels)
        pdb = arguments.optional("dbias", dbias, y[3])
        out, py = arguments.output("out", True if out is None else out, y, x)
        _call("gk_convolution_jvp", _handle(device), ctypes.byref(shape), px, pw, pdx, pdw, pdb,
              py)
        return out


def convolution_input_gradient(dy: Array, w: Array, size: Pair, out: Optional[Array] = None, *,
                               beta: float = 0.0, stride: Pair = 1, padding: Pair = 0,
                               dilation: Pair = 1, device: Optional[Device] = None) -> Array:
    """dx = the adjoint of w applied to dy, + beta dx.

    dy    [batch, out height, out width, out].
    w     [out, kernel height, kernel width, in].
    size  (height, width) of x.
    out   dx [batch, height, width, in]; beta = 0 never reads it.
    """
    with _Arguments() as arguments:
        vy, vw = arguments.floats("dy", dy), arguments.floats("w", w)
        pw = vw.dense(None, None, None, None)
        channels = vw.shape[3]
        vy.sized(None, None, None, vw.shape[0])
        x = (vy.shape[0], *_pair("size", size), channels)
        shape = _convolution(x, vw.shape[1:3], vw.shape[0], stride, padding, dilation)
        py = vy.dense(vy.shape[0], *_output_size(shape), vw.shape[0])
        _need_out(beta, out)
        out, px = arguments.output("out", True if out is None else out, x, dy)
        _call("gk_convolution_input_gradient", _handle(device), ctypes.byref(shape), py, pw,
              float(beta), px)
        return out


def convolution_weight_gradient(x: Array, dy: Array, kernel: Pair, out: Optional[Array] = None, *,
                                beta: float = 0.0, stride: Pair = 1, padding: Pair = 0,
                                dilation: Pair = 1, device: Optional[Device] = None) -> Array:
    """dw[o, ky, kx, c] = sum over positions of dy[., o] x[patch, ky, kx, c], + beta dw.

    x       [batch, height, width, in].
    dy      [batch, out height, out width, out].
    kernel  (height, width) of w.
    out     dw [out, kernel height, kernel width, in]; beta = 0 never reads it.
    """
    with _Arguments() as arguments:
        vx, vy = arguments.floats("x", x), arguments.floats("dy", dy)
        px = vx.dense(None, None, None, None)
        vy.sized(vx.shape[0], None, None, None)
        window = _pair("kernel", kernel)
        shape = _convolution(vx.shape, window, vy.shape[3], stride, padding, dilation)
        py = vy.dense(vx.shape[0], *_output_size(shape), vy.shape[3])
        _need_out(beta, out)
        out, pw = arguments.output(
            "out", True if out is None else out, (vy.shape[3], *window, vx.shape[3]), x)
        _call("gk_convolution_weight_gradient", _handle(device), ctypes.byref(shape), px, py,
              float(beta), pw)
        return out


def _need_out(beta: float, out: Optional[Array]) -> None:
    if beta != 0 and out is None:
        raise ValueError(f"beta is {beta}, but there is no out")


def patch_covariance(x: Array, kernel: Pair, out: Optional[Array] = None, *, stride: Pair = 1,
                     padding: Pair = 0, dilation: Pair = 1, homogeneous: bool = False,
                     device: Optional[Device] = None) -> Array:
    """Σ a aᵀ over all patches a of all images, in float64: the raw sum of a Kronecker factor A.

    x            [batch, height, width, in].
    kernel       (height, width); a patch a is [kernel height, kernel width, in] in this order.
    out          dense [d, d], d = kernel height · kernel width · in: **added to** and returned,
                 both triangles. None: zeros before.
    homogeneous  a is followed by a 1, and d is one more.
    """
    with _Arguments() as arguments:
        vx = arguments.floats("x", x)
        px = vx.dense(None, None, None, None)
        window = _pair("kernel", kernel)
        shape = _convolution(vx.shape, window, 1, stride, padding, dilation)
        _output_size(shape)
        d = window[0] * window[1] * vx.shape[3] + bool(homogeneous)
        if out is None:
            out = _new((d, d), x, "float64")
        out, ps = arguments.output("out", out, (d, d), x, "float64")
        _call("gk_patch_covariance", _handle(device), ctypes.byref(shape), px, bool(homogeneous),
              ps)
        return out


# ------------------------------------------------------------------------------------------ flips

class _FlipCounts(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in (
        "both_right", "both_wrong", "positive_flips", "negative_flips", "differ", "undefined_old",
        "undefined_new")]


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


@dataclass(frozen=True)
class FlipCounts:
    """The 2×2 table of an old model against a new one, and what follows from it (PC eq. 2 and 11).

    Counts of disjoint parts of the data add up by ``+``; rates are derived and never merged. A
    rate with a zero denominator is NaN. N are the samples that are not ignored.
    """

    both_right: int = 0
    both_wrong: int = 0
    positive_flips: int = 0
    """Old wrong, new right."""
    negative_flips: int = 0
    """Old right, new wrong."""
    differ: int = 0
    """Samples whose predictions differ, right or wrong."""
    undefined_old: int = 0
    """Samples without a prediction of the old model (a NaN among its logits): never right."""
    undefined_new: int = 0
    per_class: Tuple[FlipCounts, ...] = ()
    """One table for each label, where it was asked for."""

    @classmethod
    def _of(cls, table: _FlipCounts, per_class: Sequence[_FlipCounts] = ()) -> FlipCounts:
        counts = [getattr(table, name) for name, _ in _FlipCounts._fields_]
        return cls(*counts, tuple(cls._of(t) for t in per_class))

    def __add__(self, other: FlipCounts) -> FlipCounts:
        if not isinstance(other, FlipCounts):
            return NotImplemented
        if len(self.per_class) != len(other.per_class):
            raise ValueError(
                f"tables of {len(self.per_class)} and {len(other.per_class)} classes do not add "
                "up")
        counts = [getattr(self, f.name) + getattr(other, f.name)
                  for f in fields(self) if f.name != "per_class"]
        return FlipCounts(*counts, tuple(a + b for a, b in zip(self.per_class, other.per_class)))

    @property
    def samples(self) -> int:
        """N."""
        return self.both_right + self.both_wrong + self.positive_flips + self.negative_flips

    @property
    def old_accuracy(self) -> float:
        """Old right / N."""
        return _ratio(self.both_right + self.negative_flips, self.samples)

    @property
    def new_accuracy(self) -> float:
        """New right / N."""
        return _ratio(self.both_right + self.positive_flips, self.samples)

    @property
    def nfr(self) -> float:
        """Negative-flip rate: negative flips / N."""
        return _ratio(self.negative_flips, self.samples)

    @property
    def pfr(self) -> float:
        """Positive-flip rate: positive flips / N."""
        return _ratio(self.positive_flips, self.samples)

    @property
    def relative_nfr(self) -> float:
        """NFR / ((1 − ER_old) ER_new), ER error rates: 1 where errors are independent."""
        return _ratio(
            self.negative_flips * self.samples,
            (self.both_right + self.negative_flips) * (self.both_wrong + self.negative_flips))

    @property
    def churn(self) -> float:
        """Samples whose predictions differ / N."""
        return _ratio(self.differ, self.samples)


def flips_from_logits(old_logits: Array, new_logits: Array, labels: Array, *,
                      ignore_index: int = -100, per_class: bool = False,
                      device: Optional[Device] = None) -> FlipCounts:
    """Flips of argmax predictions; ties go to the lowest class, rows with a NaN have none.

    old_logits, new_logits  matrices [rows, classes], float32.
    labels                  [rows], int32 or int64, each the ignore index or in [0, classes).
    per_class               also one table for each label.
    """
    with _Arguments() as arguments:
        # Counts have no gradient: tensors that require one are read as they are.
        new_logits, old_logits = _detached(new_logits), _detached(old_logits)
        pn, rows, classes, ldn = arguments.matrix("new_logits", new_logits)
        po, _, _, ldo = arguments.matrix("old_logits", old_logits, rows, classes)
        py = arguments.integers("labels", labels, rows).pointer
        table, tables = _FlipCounts(), (_FlipCounts * (classes if per_class else 0))()
        _call("gk_flips_from_logits", _handle(device), rows, classes, po, ldo, pn, ldn, py,
              _int32("ignore_index", ignore_index), ctypes.byref(table),
              tables if per_class else None)
        return FlipCounts._of(table, tables)


def flips_from_predictions(old_predictions: Array, new_predictions: Array, labels: Array,
                           classes: int, *, ignore_index: int = -100, per_class: bool = False,
                           device: Optional[Device] = None) -> FlipCounts:
    """Flips of predictions [rows] (int32 or int64); a negative one is never right.

    labels  [rows], each the ignore index or in [0, classes).
    """
    with _Arguments() as arguments:
        new = arguments.integers("new_predictions", new_predictions, None)
        rows, classes = new.shape[0], _int32("classes", classes)
        po = arguments.integers("old_predictions", old_predictions, rows).pointer
        py = arguments.integers("labels", labels, rows).pointer
        table, tables = _FlipCounts(), (_FlipCounts * (max(classes, 0) if per_class else 0))()
        _call("gk_flips_from_predictions", _handle(device), rows, classes, po, new.pointer, py,
              _int32("ignore_index", ignore_index), ctypes.byref(table),
              tables if per_class else None)
        return FlipCounts._of(table, tables)


def pairwise_flips(predictions: Array, labels: Array, *, ignore_index: int = -100,
                   device: Optional[Device] = None) -> Tuple[Array, Array]:
    """Between all pairs of models: (negative, differ), int64 [models, models] each.

    negative[a, b] are the negative flips from model a to model b, differ[a, b] the samples on
    which they disagree.

    predictions  dense [models, rows]; negative ones are never right.
    labels       [rows].
    """
    with _Arguments() as arguments:
        vp = arguments.integers("predictions", predictions, None, None)
        models, rows = vp.shape
        py = arguments.integers("labels", labels, rows).pointer
        negative, pn = arguments.output("negative", True, (models, models), predictions, "int64")
        differ, pd = arguments.output("differ", True, (models, models), predictions, "int64")
        _call("gk_pairwise_flips", _handle(device), models, rows, vp.pointer, py,
              _int32("ignore_index", ignore_index), pn, pd)
        return negative, differ


# ----------------------------------------------------------------------------------------- losses

class _LossOptions(ctypes.Structure):
    _fields_ = [
        ("base", ctypes.c_int32), ("distance", ctypes.c_int32), ("reduction", ctypes.c_int32),
        ("ignore_index", ctypes.c_int32), ("label_smoothing", ctypes.c_float),
        ("target_scale", ctypes.c_float), ("distance_weight", ctypes.c_float),
        ("temperature", ctypes.c_float), ("focal_alpha", ctypes.c_float),
        ("focal_beta", ctypes.c_float), ("margin", ctypes.c_float), ("power", ctypes.c_float),
        ("temperature_squared", ctypes.c_int32), ("top_k", ctypes.c_int32),
        ("rank_by", ctypes.c_int32), ("one_sided", ctypes.c_int32),
        ("exclude_true_class", ctypes.c_int32)]


class _LossResult(ctypes.Structure):
    _fields_ = [
        ("loss", ctypes.c_double), ("base", ctypes.c_double), ("distance", ctypes.c_double),
        ("weighted_distance", ctypes.c_double), ("valid_rows", ctypes.c_int64),
        ("undefined_rows", ctypes.c_int64), ("flips", _FlipCounts)]


_BASES = ("none", "cross_entropy", "squared")
_DISTANCES = ("none", "kl_old_new", "kl_new_old", "logit_matching", "naive", "ldi")
_REDUCTIONS = ("mean", "sum")
_RANKS = ("old", "new", "reference")


def _loss_options(
        has_old: bool, *, base: str = "cross_entropy", distance: Optional[str] = None,
        reduction: str = "mean", ignore_index: int = -100, label_smoothing: float = 0.0,
        target_scale: float = 15.0, distance_weight: float = 1.0, temperature: float = 1.0,
        focal_alpha: float = 1.0, focal_beta: float = 5.0, margin: float = 0.0, power: float = 2.0,
        temperature_squared: bool = False, top_k: int = 10, rank_by: str = "old",
        one_sided: bool = False, exclude_true_class: bool = False) -> _LossOptions:
    if distance is None:
        distance = "kl_old_new" if has_old else "none"
    return _LossOptions(
        _choice("base", base, _BASES), _choice("distance", distance, _DISTANCES),
        _choice("reduction", reduction, _REDUCTIONS), _int32("ignore_index", ignore_index),
        label_smoothing, target_scale, distance_weight, temperature, focal_alpha, focal_beta,
        margin, power, bool(temperature_squared), _int32("top_k", top_k),
        _choice("rank_by", rank_by, _RANKS), bool(one_sided), bool(exclude_true_class))


@dataclass(frozen=True)
class RowLoss:
    """What row_loss returns. Means or sums as the reduction says; logarithms are natural."""

    loss: float
    """base + λ w D."""
    base: float
    """The loss against the labels."""
    distance: float
    """D without weights."""
    weighted_distance: float
    """w D without λ."""
    valid_rows: int
    """Rows that are not ignored."""
    undefined_rows: int
    """Of these, rows whose loss is NaN."""
    flips: FlipCounts
    """Zeros without old logits."""
    gradient: Optional[Array] = None
    """[rows, classes]: of the loss with respect to the new logits; zero on ignored rows."""
    per_sample: Optional[Array] = None
    """[rows]: the rows' losses."""
    new_predictions: Optional[Array] = None
    """[rows], int32: argmax, the lowest among equals, -1 where a row holds a NaN."""
    old_predictions: Optional[Array] = None


def row_loss(logits: Array, labels: Array, old_logits: Optional[Array] = None, *,
             reference_logits: Optional[Array] = None, gradient: Output = True,
             per_sample: Output = False, new_predictions: Output = False,
             old_predictions: Output = False, device: Optional[Device] = None,
             **options: Any) -> RowLoss:
    """Loss, gradient, predictions and flips in one pass over the logits (PC eq. 4-9).

    One row's loss is ``base + distance_weight · w · D``, with the focal weight
    ``w = focal_alpha + focal_beta [argmax z_old = label]``.

    logits            matrix [rows, classes], float32: z_new.
    labels            [rows], int32 or int64, each the ignore index or in [0, classes).
    old_logits        matrix [rows, classes]: z_old. None: no old model and no distance.
    reference_logits  matrix [rows, classes]: what ranks the classes of LDI by "reference".
    gradient          dense [rows, classes]; may be the logits themselves: in place.

    Options, with their defaults:

    base = "cross_entropy"    or "squared" (½ |z − target_scale e_label|²), or "none".
    distance                  "kl_old_new": KL(p_old ‖ p_new), p = softmax(z / temperature), the
                              default with old logits; "kl_new_old"; "logit_matching":
                              ½ |z_new − z_old|²; "naive": the base loss again where the old model
                              is right; "ldi": the mean over the top_k classes of
                              max(|z_new − z_old| − margin, 0)^power; "none".
    reduction = "mean"        over the rows that are not ignored, or "sum".
    ignore_index = -100       a label that takes its row out.
    label_smoothing = 0       of cross-entropy, in [0, 1).
    target_scale = 15         of the squared loss.
    distance_weight = 1       λ ≥ 0.
    focal_alpha = 1, focal_beta = 5
    temperature = 1, temperature_squared = False   of KL; the switch multiplies it by temperature².
    top_k = 10, margin = 0, power = 2, rank_by = "old" ("new", "reference"), one_sided = False,
    exclude_true_class = False   of LDI: one_sided counts only what moves towards a negative flip.
    """
    with _Arguments() as arguments:
        pn, rows, classes, ldn = arguments.matrix("logits", logits)
        po, ldo = arguments.optional_matrix("old_logits", old_logits, rows, classes)
        pr, ldr = arguments.optional_matrix("reference_logits", reference_logits, rows, classes)
        py = arguments.integers("labels", labels, rows).pointer
        chosen = _loss_options(po is not None, **options)
        gradient, pg = arguments.output("gradient", gradient, (rows, classes), logits)
        values, pv = arguments.output("per_sample", per_sample, (rows,), logits)
        new, pkn = arguments.output("new_predictions", new_predictions, (rows,), logits, "int32")
        old, pko = arguments.output("old_predictions", old_predictions, (rows,), logits, "int32")
        result = _LossResult()
        _call("gk_row_loss", _handle(device), ctypes.byref(chosen), rows, classes, pn, ldn, po,
              ldo, pr, ldr, py, pg, pv, pkn, pko, ctypes.byref(result))
        return RowLoss(
            result.loss, result.base, result.distance, result.weighted_distance, result.valid_rows,
            result.undefined_rows, FlipCounts._of(result.flips), gradient, values, new, old)


class PositiveCongruentLoss:
    """row_loss for torch's autograd: value and gradient in one pass, backward only scales.

        criterion = PositiveCongruentLoss(distance="kl_old_new", temperature=2.0)
        loss = criterion(model(x), labels, old_logits)
        loss.backward()

    The logits are float32 on the CPU; rows may have gaps between them. Gradients flow to the new
    logits only. The gradient can not be differentiated again. The options are those of row_loss.
    """

    def __init__(self, device: Optional[Device] = None, **options: Any) -> None:
        _loss_options(True, **options)  # a wrong name is refused here, not in the first step
        self._device = device
        self._options = options
        self.result: Optional[RowLoss] = None
        """Of the last call, without arrays: ``criterion.result.flips.nfr`` is the batch's NFR."""

    def __call__(self, logits: Any, labels: Any, old_logits: Any = None,
                 reference_logits: Any = None) -> Any:
        """The loss as a scalar tensor; arguments as in row_loss."""
        torch = _torch_of(logits)
        if torch is None:
            raise TypeError(f"logits is a {type(logits).__name__}; expected a torch tensor")
        gradient = torch.is_grad_enabled() and logits.requires_grad

        def evaluate(detached: Any) -> Tuple[float, Any]:
            result = row_loss(
                detached, labels, old_logits, reference_logits=reference_logits, gradient=gradient,
                device=self._device, **self._options)
            self.result = replace(result, gradient=None)
            return result.loss, result.gradient

        return _autograd_function(torch).apply(logits, evaluate)


@functools.lru_cache(maxsize=None)
def _autograd_function(torch: Any) -> Any:
    """The autograd.Function of PositiveCongruentLoss: made late, so that torch is not imported."""

    class RowLossFunction(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, logits: Any, evaluate: Callable[[Any], Tuple[float, Any]]) -> Any:
            loss, gradient = evaluate(logits.detach())
            if gradient is not None:
                ctx.save_for_backward(gradient)
            return logits.new_tensor(loss)

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, grad_loss: Any) -> Any:
            gradient, = ctx.saved_tensors
            # A loss that is the end of the graph has the gradient 1: spare the pass over memory.
            return (gradient if grad_loss.item() == 1.0 else gradient * grad_loss), None

    return RowLossFunction


class _LinearOptions(ctypes.Structure):
    _fields_ = [
        ("reduction", ctypes.c_int32), ("ignore_index", ctypes.c_int32),
        ("label_smoothing", ctypes.c_float), ("add_to_gradients", ctypes.c_int32)]


class _LinearResult(ctypes.Structure):
    _fields_ = [
        ("loss", ctypes.c_double), ("valid_rows", ctypes.c_int64),
        ("undefined_rows", ctypes.c_int64)]


@dataclass(frozen=True)
class LinearLoss:
    """What linear_cross_entropy returns."""

    loss: float
    valid_rows: int
    undefined_rows: int
    embedding_gradient: Optional[Array] = None
    """[rows, features]."""
    weight_gradient: Optional[Array] = None
    """[classes, features]."""
    bias_gradient: Optional[Array] = None
    """[classes]; None without a bias."""
    per_sample: Optional[Array] = None
    """[rows]."""


def linear_cross_entropy(
        embeddings: Array, weight: Array, labels: Array, bias: Optional[Array] = None, *,
        reduction: str = "mean", ignore_index: int = -100, label_smoothing: float = 0.0,
        add_to_gradients: bool = False, embedding_gradient: Output = True,
        weight_gradient: Output = True, bias_gradient: Optional[Output] = None,
        per_sample: Output = False, device: Optional[Device] = None) -> LinearLoss:
    """Cross-entropy of softmax(E Wᵀ + b) with its gradients; never all logits in memory at once.

    embeddings        matrix [rows, features], float32.
    weight            matrix [classes, features].
    labels            [rows], int32 or int64.
    bias              dense [classes], optional.
    bias_gradient     None: True where there is a bias.
    add_to_gradients  add to the gradients given, which must be arrays then.
    """
    with _Arguments() as arguments:
        pe, rows, features, lde = arguments.matrix("embeddings", embeddings)
        pw, classes, _, ldw = arguments.matrix("weight", weight, None, features)
        pb = arguments.optional("bias", bias, classes)
        py = arguments.integers("labels", labels, rows).pointer
        if bias_gradient is None:
            bias_gradient = bias is not None and not add_to_gradients
        gradients = []
        for name, wanted, shape in (
                ("embedding_gradient", embedding_gradient, (rows, features)),
                ("weight_gradient", weight_gradient, (classes, features)),
                ("bias_gradient", bias_gradient, (classes,))):
            if add_to_gradients and wanted is True:
                raise ValueError(
                    f"{name} is True; with add_to_gradients expected an array, or False")
            gradients.append(arguments.output(name, wanted, shape, embeddings))
        (ge, pge), (gw, pgw), (gb, pgb) = gradients
        values, pv = arguments.output("per_sample", per_sample, (rows,), embeddings)
        options = _LinearOptions(
            _choice("reduction", reduction, _REDUCTIONS), _int32("ignore_index", ignore_index),
            label_smoothing, bool(add_to_gradients))
        result = _LinearResult()
        _call("gk_linear_cross_entropy", _handle(device), ctypes.byref(options), rows, features,
              classes, pe, lde, pw, ldw, pb, py, pge, pgw, pgb, pv, ctypes.byref(result))
        return LinearLoss(
            result.loss, result.valid_rows, result.undefined_rows, ge, gw, gb, values)


# ----------------------------------------------------------------------------------------- search

def top_k(queries: Array, gallery: Array, k: int, *, offsets: Optional[Array] = None,
          excluded: Optional[Array] = None, indices: Optional[Array] = None,
          scores: Optional[Array] = None, device: Optional[Device] = None) -> Tuple[Array, Array]:
    """For each query q the k rows x_j of the gallery of largest q·x_j + offsets[j], best first.

    queries   dense [query rows, width], float32.
    gallery   dense [gallery rows, width].
    k         1 to 2048.
    offsets   dense [gallery rows]: −½ |x_j|² makes the order that of Euclidean distances.
    excluded  [query rows], int32 or int64: a gallery row that the query does not see, or negative.

    Returns (indices int32, scores float32), dense [query rows, k] each; among equals the lowest
    index. Where fewer than k rows have a score that is a number: −1 and NaN.
    """
    with _Arguments() as arguments:
        vq, vg = arguments.floats("queries", queries), arguments.floats("gallery", gallery)
        pq = vq.dense(None, None)
        rows, width = vq.shape
        pg = vg.dense(None, width)
        count = vg.shape[0]
        po = arguments.optional("offsets", offsets, count)
        px = None if excluded is None else arguments.integers("excluded", excluded, rows).pointer
        if not 1 <= _int64("k", k) <= 2048:
            raise ValueError(f"k is {k}; expected 1 to 2048")
        indices, pi = arguments.output(
            "indices", True if indices is None else indices, (rows, k), queries, "int32")
        scores, ps = arguments.output(
            "scores", True if scores is None else scores, (rows, k), queries)
        _call("gk_top_k", _handle(device), rows, count, width, k, pq, pg, po, px, pi, ps)
        return indices, scores


# ------------------------------------------------------------------ networks and graceful updates

class _NetworkInfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in (
        "height", "width", "channels", "outputs", "parameters")]


class _SolveOptions(ctypes.Structure):
    _fields_ = [(name, ctypes.c_double) for name in (
        "lambda", "damping", "lambda_pc", "focal_alpha", "focal_beta", "target_scale",
        "tolerance")] + [("max_iterations", ctypes.c_int64)]


class _SolveResult(ctypes.Structure):
    _fields_ = [
        ("loss", ctypes.c_double), ("relative_gradient", ctypes.c_double),
        ("iterations", ctypes.c_int64), ("converged", ctypes.c_int32)]


def _path(name: str, value: Union[str, os.PathLike]) -> bytes:
    path = os.fspath(value)
    path = path if isinstance(path, bytes) else path.encode("utf-8")
    if b"\0" in path:
        raise ValueError(f"{name} holds a NUL")
    return path


def _images(arguments: _Arguments, images: Array, shape: Sequence[int]) -> Tuple[int, int]:
    """Pointer and count of images [count, h, w, channels], or of vectors [count, features]."""
    view = arguments.floats("images", images)
    if tuple(shape[:2]) == (1, 1) and len(view.shape) == 2:
        shape = shape[2:]
    pointer = view.dense(None, *shape)
    return pointer, view.shape[0]


class Network(_Handle):
    """A network with its weights. ``Network.load`` makes one."""

    _close = "gk_network_close"

    def __init__(self, pointer: int, device: Device) -> None:
        super().__init__(pointer, device)
        info = _NetworkInfo()
        _call("gk_network_describe", self.handle, ctypes.byref(info))
        self.input_shape: Tuple[int, int, int] = (info.height, info.width, info.channels)
        """(height, width, channels); (1, 1, features) for a network on vectors."""
        self.outputs: int = info.outputs
        self.parameters: int = info.parameters

    @classmethod
    def load(cls, path: Union[str, os.PathLike], leaky_slope: float = 0.0,
             device: Optional[Device] = None) -> Network:
        """From an ONNX file.

        leaky_slope  what every ReLU becomes: a leaky one of this slope (LQF wants one, 0.2 say); 0
                     keeps ReLUs as they are.
        """
        device = default_device() if device is None else device
        pointer = ctypes.c_void_p()
        _call("gk_network_load", device.handle, _path("path", path), float(leaky_slope),
              ctypes.byref(pointer))
        return cls(pointer.value, device)

    def predict(self, images: Array, out: Optional[Array] = None) -> Array:
        """Outputs [count, outputs] of dense images [count, height, width, channels], float32.

        Networks on vectors also take [count, features].
        """
        with _Arguments() as arguments:
            px, count = _images(arguments, images, self.input_shape)
            out, py = arguments.output(
                "out", True if out is None else out, (count, self.outputs), images)
            _call("gk_network_predict", self.handle, px, count, py)
            return out

    def with_head(self, images: Array, labels: Array, classes: int,
                  lambda_: float = 0.0) -> Network:
        """This network with a new linear head, fitted by ridge regression on its features.

        labels   [count], in [0, classes); every class needs a sample.
        lambda_  weight decay of the regression, > 0; 0: chosen by leave-one-out.
        """
        with _Arguments() as arguments:
            px, count = _images(arguments, images, self.input_shape)
            py = arguments.integers("labels", labels, count).pointer
            pointer = ctypes.c_void_p()
            _call("gk_network_with_head", self.handle, px, py, count, _int64("classes", classes),
                  float(lambda_), ctypes.byref(pointer))
            return Network(pointer.value, self._device)

    def linearize(self, images: Array) -> Linearized:
        """f(x; w0) + J(x) d on these images (LQF eq. 1). Their activations are kept, not they."""
        with _Arguments() as arguments:
            px, count = _images(arguments, images, self.input_shape)
            pointer = ctypes.c_void_p()
            _call("gk_linearize", self.handle, px, count, ctypes.byref(pointer))
            return Linearized(pointer.value, self, count)

    def fine_tune(self, images: Array, labels: Array, classes: int) -> Model:
        """LQF in one call: a head, λ by exact leave-one-out, the optimum of one convex problem.

        labels  [count], in [0, classes); every class needs a sample.
        """
        with _Arguments() as arguments:
            px, count = _images(arguments, images, self.input_shape)
            py = arguments.integers("labels", labels, count).pointer
            pointer = ctypes.c_void_p()
            _call("gk_fine_tune", self.handle, px, py, count, _int64("classes", classes),
                  ctypes.byref(pointer))
            return Model(pointer.value, self._device)


@dataclass(frozen=True)
class SolveResult:
    """How a solve ended."""

    loss: float
    relative_gradient: float
    iterations: int
    converged: bool
    """False: stopped at max_iterations."""


class Linearized(_Handle):
    """A network linearised around its weights w0 on some images: f(x; w0) + J(x) d."""

    _close = "gk_linearized_close"

    def __init__(self, pointer: int, network: Network, count: int) -> None:
        super().__init__(pointer, network._device)
        self.input_shape = network.input_shape
        self.count = count
        self.outputs = network.outputs
        self.parameters = network.parameters

    def jvp(self, update: Array, out: Optional[Array] = None) -> Array:
        """J d, dense [count, outputs], of an update d, dense [parameters], float32."""
        with _Arguments() as arguments:
            pd = arguments.floats("update", update).dense(self.parameters)
            out, py = arguments.output(
                "out", True if out is None else out, (self.count, self.outputs), update)
            _call("gk_linearized_jvp", self.handle, pd, py)
            return out

    def vjp(self, cotangent: Array, out: Optional[Array] = None) -> Array:
        """Jᵀ c, dense [parameters], of a cotangent c, dense [count, outputs], float32."""
        with _Arguments() as arguments:
            pc = arguments.floats("cotangent", cotangent).dense(self.count, self.outputs)
            out, pd = arguments.output(
                "out", True if out is None else out, (self.parameters,), cotangent)
            _call("gk_linearized_vjp", self.handle, pc, pd)
            return out

    def factors(self) -> Factors:
        """Kronecker factors of the curvature, to precondition solve. They depend on no labels."""
        pointer = ctypes.c_void_p()
        _call("gk_factors_compute", self.handle, ctypes.byref(pointer))
        return Factors(pointer.value, self._device)

    def solve(self, labels: Array, old_logits: Optional[Array] = None, *,
              factors: Optional[Factors] = None, lambda_: float = 1e-2, damping: float = 0.0,
              lambda_pc: float = 1.0, focal_alpha: float = 1.0, focal_beta: float = 5.0,
              target_scale: float = 15.0, tolerance: float = 1e-3,
              max_iterations: int = 200) -> Model:
        """The update d that minimises the squared loss: a convex problem, by conjugate gradients.

        labels        [count], in [0, outputs); every output is the class of one label or more.
        old_logits    dense [count, outputs]: keep what the old model has right (positive-congruent
                      LQF). Multiplied by the one factor that fits them to the targets.
        factors       precondition with these; None: not preconditioned.
        lambda_       weight decay, > 0.
        damping       of the preconditioner, > 0; 0 takes lambda_.
        lambda_pc     weight of the old logits' rows, ≥ 0, times
                      focal_alpha + focal_beta [argmax z_old = label].
        target_scale  of the targets target_scale · e_label.
        tolerance     of the gradient, relative.

        ``model.result`` says how it went.
        """
        with _Arguments() as arguments:
            py = arguments.integers("labels", labels, self.count).pointer
            po = arguments.optional("old_logits", old_logits, self.count, self.outputs)
            options = _SolveOptions(
                lambda_, damping, lambda_pc, focal_alpha, focal_beta, target_scale, tolerance,
                _int64("max_iterations", max_iterations))
            pointer, result = ctypes.c_void_p(), _SolveResult()
            _call("gk_solve", self.handle, None if factors is None else factors.handle, py, po,
                  ctypes.byref(options), ctypes.byref(pointer), ctypes.byref(result))
            return Model(pointer.value, self._device, SolveResult(
                result.loss, result.relative_gradient, result.iterations, bool(result.converged)))


class Factors(_Handle):
    """Kronecker factors of the curvature of a linearised network, made by Linearized.factors."""

    _close = "gk_factors_close"

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Raw sums, as safetensors."""
        _call("gk_factors_save", self.handle, _path("path", path))


class Model(_Handle):
    """A network and an update d of its weights: predicts f(x; w0) + J(x) d."""

    _close = "gk_model_close"

    def __init__(self, pointer: int, device: Device, result: Optional[SolveResult] = None) -> None:
        super().__init__(pointer, device)
        info = _NetworkInfo()
        _call("gk_model_describe", self.handle, ctypes.byref(info))
        self.input_shape: Tuple[int, int, int] = (info.height, info.width, info.channels)
        """(height, width, channels); (1, 1, features) for a network on vectors."""
        self.outputs: int = info.outputs
        self.parameters: int = info.parameters
        self.result = result
        """How the solve went that made it; None for other models."""

    def predict(self, images: Array, out: Optional[Array] = None) -> Array:
        """Outputs [count, outputs] of dense images [count, height, width, channels], float32."""
        with _Arguments() as arguments:
            px, count = _images(arguments, images, self.input_shape)
            out, py = arguments.output(
                "out", True if out is None else out, (count, self.outputs), images)
            _call("gk_model_predict", self.handle, px, count, py)
            return out

    def update(self, out: Optional[Array] = None) -> Array:
        """A copy of d, dense [parameters], in the order of the ONNX file's weights."""
        with _Arguments() as arguments:
            out, pd = arguments.output(
                "out", True if out is None else out, (self.parameters,), None)
            _call("gk_model_update", self.handle, pd, self.parameters)
            return out

    def save(self, folder: Union[str, os.PathLike]) -> None:
        """A folder with network.onnx and update.safetensors; written aside and renamed."""
        _call("gk_model_save", self.handle, _path("folder", folder))

    @classmethod
    def load(cls, folder: Union[str, os.PathLike], device: Optional[Device] = None) -> Model:
        """From the folder of save()."""
        device = default_device() if device is None else device
        pointer = ctypes.c_void_p()
        _call("gk_model_load", device.handle, _path("folder", folder), ctypes.byref(pointer))
        return cls(pointer.value, device)
