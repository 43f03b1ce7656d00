"""The C interface (recvae/c_api.h) by ctypes, which lets other threads of Python run during each call."""
from __future__ import annotations

import ctypes
import json
import operator
import os
import threading
import warnings
import weakref
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t, c_void_p
from importlib.resources import files
from typing import Any, Iterator

import numpy as np
from numpy.typing import NDArray

ABI_VERSION = 1


class Error(RuntimeError):
    """The work came to nothing: training diverged, a matrix has no inverse."""


class DataError(ValueError):
    """A file or a matrix is wrong, or cannot be read or written: ``file:line: expected, found``."""


class NotFittedError(ValueError, AttributeError):
    """The model has learned nothing yet."""


class Rows(ctypes.Structure):
    """recvae_rows"""

    _fields_ = [("size", c_size_t), ("rows", c_int64), ("cols", c_int64), ("entries", c_int64), ("indptr", c_void_p),
                ("indices", c_void_p), ("values", c_void_p), ("indptr_type", c_int32), ("indices_type", c_int32),
                ("values_type", c_int32), ("name", c_char_p), ("first_row", c_int64)]


class Array(ctypes.Structure):
    """recvae_array"""

    _fields_ = [("size", c_size_t), ("data", c_void_p), ("type", c_int32), ("dimensions", c_int32),
                ("shape", c_int64 * 2)]


class Problem(ctypes.Structure):
    """recvae_problem"""

    _fields_ = [("size", c_size_t), ("data", c_void_p), ("train", POINTER(Rows)), ("shown", POINTER(Rows)),
                ("hidden", POINTER(Rows)), ("item_tokens", c_char_p), ("user_tokens", c_char_p), ("from_", c_void_p),
                ("directory", c_char_p), ("resume", c_int32)]


class Request(ctypes.Structure):
    """recvae_request"""

    _fields_ = [("size", c_size_t), ("n", c_int64), ("include_history", c_int32), ("exclude", c_void_p),
                ("excluded", c_int64), ("candidates", c_void_p), ("candidate_count", c_int64)]


class HeldOut(ctypes.Structure):
    """recvae_held_out"""

    _fields_ = [("size", c_size_t), ("shown", POINTER(Rows)), ("hidden", POINTER(Rows)), ("masked", POINTER(Rows)),
                ("train", POINTER(Rows)), ("model", c_void_p), ("scores", c_void_p), ("lists", c_void_p),
                ("list_length", c_int64)]


class Progress(ctypes.Structure):
    """recvae_progress"""

    _fields_ = [("size", c_size_t), ("epoch", c_int64), ("done", c_int64), ("total", c_int64), ("evaluating", c_int32),
                ("ended_epoch", c_int32), ("finished", c_int32)]


Stop = CFUNCTYPE(c_int, c_void_p)
Text = POINTER(c_char_p)
NUMBER_TYPES = [np.dtype(name) for name in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8")]

_SIGNATURES: dict[str, list[Any]] = {
    "recvae_text": [c_void_p, c_char_p, Text],
    "recvae_array_of": [c_void_p, c_char_p, POINTER(Array)],
    "recvae_read": [c_void_p, c_char_p, Stop, c_void_p],
    "recvae_fit": [c_void_p, c_char_p, POINTER(Problem)],
    "recvae_step": [c_void_p, POINTER(Progress)],
    "recvae_result": [c_void_p, c_void_p],
    "recvae_load": [c_void_p, c_char_p],
    "recvae_save": [c_void_p, c_char_p],
    "recvae_learn": [c_void_p, c_char_p, c_char_p, POINTER(Rows), c_char_p, c_char_p, Stop, c_void_p],
    "recvae_blend": [c_void_p, POINTER(c_void_p), POINTER(c_double), c_int64],
    "recvae_similar": [c_void_p, c_void_p, c_char_p],
    "recvae_recommend": [c_void_p, POINTER(Rows), POINTER(Request), c_void_p, c_void_p],
    "recvae_embed": [c_void_p, POINTER(Rows), c_int64, c_void_p],
    "recvae_evaluate": [c_void_p, c_char_p, POINTER(HeldOut)],
    "recvae_intervals": [c_void_p, c_int64, Stop, c_void_p, Text],
    "recvae_compare": [c_void_p, c_void_p, c_int64, Stop, c_void_p, Text],
    "recvae_configure": [c_void_p, POINTER(c_char_p), c_int64],
    "recvae_search": [c_void_p, c_char_p, c_char_p],
    "recvae_next": [c_void_p, c_char_p, Text],
}


def _load_library() -> ctypes.CDLL:
    # Beside this file where the package is installed; $RECVAE_LIBRARY is for the tests of a build.
    path = os.environ.get("RECVAE_LIBRARY") or str(files(__package__) / "librecvae_c_python.so")
    library = ctypes.CDLL(path)
    for name, arguments in _SIGNATURES.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, c_int
    library.recvae_version.argtypes, library.recvae_version.restype = [POINTER(c_int32)], c_char_p
    library.recvae_threads.argtypes, library.recvae_threads.restype = [c_int32], c_int32
    library.recvae_new.argtypes, library.recvae_new.restype = [], c_void_p
    library.recvae_free.argtypes, library.recvae_free.restype = [c_void_p], None
    library.recvae_error.argtypes, library.recvae_error.restype = [c_void_p], c_char_p
    abi = c_int32()
    library.recvae_version(byref(abi))
    if abi.value != ABI_VERSION:
        raise ImportError(f"{path}: expected version {ABI_VERSION} of the interface, found {abi.value}")
    return library


library = _load_library()


def version() -> str:
    """What bits depend on: the version, OpenBLAS and its kernels, and the vector loops."""
    text: bytes = library.recvae_version(None)
    return text.decode()


def set_threads(count: int) -> None:
    """Sets how many threads the library uses, in the whole process; 0: all cores. Results do not depend on it."""
    number = operator.index(count)
    if not 0 <= number <= 4096:
        raise ValueError(f"count: expected a number from 0 to 4096, found {number}")
    library.recvae_threads(number)


def threads() -> int:
    """How many threads the library uses."""
    count: int = library.recvae_threads(-1)
    return count


def plain(value: Any) -> Any:
    """The same without NumPy's numbers and arrays, paths and moments, which texts cannot hold."""
    if isinstance(value, dict):
        return {str(key): plain(of) for key, of in value.items()}
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return [plain(of) for of in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if not (value is None or isinstance(value, (str, bool, int, float))):
        raise TypeError(f"expected texts, numbers and lists of them, found {type(value).__name__}")
    if isinstance(value, float) and not np.isfinite(value):
        raise ValueError(f"expected a finite number, found {value}")
    return value


def as_json(options: Any) -> bytes:
    """What options and settings are as texts. Raises TypeError and ValueError, which begin with the option's name."""
    if not isinstance(options, dict):
        return json.dumps(plain(options)).encode()
    texts = {}
    for name, value in options.items():
        try:
            texts[name] = plain(value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{name}: {error}") from None
    return json.dumps(texts).encode()


_objects: weakref.WeakSet[Object] = weakref.WeakSet()


def _after_fork() -> None:
    """No other thread of the parent is there to give its lock back."""
    for made in list(_objects):
        made._lock = threading.RLock()


os.register_at_fork(after_in_child=_after_fork)


class Object:
    """An object of the library. Calls from several threads wait for each other."""

    def __init__(self) -> None:
        self._handle: int | None = library.recvae_new()
        self._lock = threading.RLock()
        self._kept: list[Any] = []  # memory that the library reads
        self.items = 0  # that a model knows
        if not self._handle:
            raise MemoryError("not enough memory")
        _objects.add(self)

    def __del__(self) -> None:
        handle, self._handle = getattr(self, "_handle", None), None
        if handle:
            library.recvae_free(handle)

    @property
    def handle(self) -> int:
        assert self._handle
        return self._handle

    def keep(self, *memory: Any) -> None:
        """Lets what the library reads live as long as this."""
        self._kept.extend(memory)

    def call(self, name: str, *arguments: Any) -> None:
        """Calls a function of the library with this object as its first one; raises what it says is wrong."""
        with self._lock:
            status = getattr(library, name)(self.handle, *arguments)
            if status:
                self._raise(status)

    def _raise(self, status: int) -> None:
        text = library.recvae_error(self.handle).decode(errors="replace")
        kinds: dict[int, type[BaseException]] = {1: ValueError, 2: DataError, 3: RuntimeError, 4: KeyboardInterrupt,
                                                 5: MemoryError, 6: Error}
        raise kinds.get(status, Error)(text)

    def _text(self, function: str, *arguments: Any) -> Any:
        text = c_char_p()
        with self._lock:
            self.call(function, *arguments, byref(text))
            assert text.value is not None
            return json.loads(text.value)

    def text(self, name: str) -> Any:
        """recvae_text, read."""
        return self._text("recvae_text", name.encode())

    def intervals(self, samples: int) -> Any:
        """recvae_intervals, read."""
        text = c_char_p()
        self.call_interruptible("recvae_intervals", samples, last=byref(text))
        return json.loads(text.value or b"")

    def compare(self, other: Object, samples: int) -> Any:
        """recvae_compare, read."""
        text = c_char_p()
        self.call_interruptible("recvae_compare", other.handle, samples, last=byref(text))
        return json.loads(text.value or b"")

    def next(self, record: dict[str, Any] | None) -> Any:
        """recvae_next, read."""
        return self._text("recvae_next", None if record is None else as_json(record))

    def warn(self) -> None:
        """Issues the warnings of the calls so far."""
        for text in self.text("warnings"):
            warnings.warn(text, UserWarning, stacklevel=3)

    def array(self, name: str) -> NDArray[Any]:
        """recvae_array_of: the numbers where they are, read-only."""
        array = Array(size=ctypes.sizeof(Array))
        self.call("recvae_array_of", name.encode(), byref(array))
        shape = tuple(array.shape[: array.dimensions])
        dtype = NUMBER_TYPES[array.type]
        if not all(shape):
            return np.zeros(shape, dtype)
        memory = (ctypes.c_char * (int(np.prod(shape)) * dtype.itemsize)).from_address(array.data)
        setattr(memory, "_owner", self)
        return np.frombuffer(memoryview(memory).toreadonly(), dtype).reshape(shape)

    def steps(self) -> Iterator[Progress]:
        """recvae_step until nothing is left to do; each yields where things stand."""
        progress = Progress(size=ctypes.sizeof(Progress))
        reference = byref(progress)
        while True:
            self.call("recvae_step", reference)
            yield progress
            if progress.finished:
                return

    def call_interruptible(self, name: str, *arguments: Any, last: Any = None) -> None:
        """The same of a function that is told how to be stopped: Ctrl-C does. `last`: what comes after that."""
        asked: list[int] = []
        stop = Stop(lambda _: len(asked))
        ends = (stop, None) if last is None else (stop, None, last)
        if threading.current_thread() is not threading.main_thread():  # signals go elsewhere
            return self.call(name, *arguments, *ends)
        raised: list[BaseException] = []

        def work() -> None:
            try:
                self.call(name, *arguments, *ends)
            except BaseException as exception:
                raised.append(exception)
            finally:
                done.set()

        # In a thread of its own, so that this one sees signals at once. (join() takes a thread for ended that a signal
        # interrupts it at, up to Python 3.12.)
        done = threading.Event()
        threading.Thread(target=work).start()
        try:
            done.wait()
        except BaseException:
            asked.append(1)
            done.wait()
            raise
        if raised:
            raise raised[0]


def path_of(path: Any, name: str = "path") -> bytes:
    """A path as the library takes it."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise TypeError(f"{name}: expected a path, found {type(path).__name__}")
    encoded = os.fsencode(path)
    if not encoded or b"\0" in encoded:
        raise ValueError(f"{name}: expected the name of a file, found {path!r}")
    return encoded

