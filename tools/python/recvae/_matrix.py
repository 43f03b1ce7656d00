"""Matrices of users and items, as people have them, for the library."""
from __future__ import annotations

import ctypes
from typing import Any, Sequence

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from ._native import NUMBER_TYPES, Rows, as_json

_TYPE_OF = {dtype: number for number, dtype in enumerate(NUMBER_TYPES)}
_SIZE = ctypes.sizeof(Rows)


def _csr(matrix: Any, name: str) -> Any:
    """`matrix` as compressed rows; itself, where it is that."""
    if scipy.sparse.issparse(matrix):
        if matrix.ndim == 1:  # a row of a csr_array
            matrix = matrix.reshape(1, -1)
        if matrix.ndim != 2:
            raise ValueError(f"{name}: expected a matrix, users x items, found {matrix.ndim} dimension(s)")
        return matrix if matrix.format == "csr" else matrix.tocsr()
    if hasattr(matrix, "to_numpy"):  # of pandas and its like
        return _csr_of_frame(matrix, name)
    if not isinstance(matrix, (np.ndarray, list, tuple)):
        raise TypeError(f"{name}: expected a sparse matrix, users x items, found {type(matrix).__name__}")
    dense = np.asarray(matrix)
    if dense.dtype.kind not in "biuf":
        hint = "; recvae.read takes tables of user and item" if dense.dtype.kind in "OUSM" else ""
        raise TypeError(f"{name}: expected numbers, users x items, found {dense.dtype}{hint}")
    if dense.ndim != 2:
        raise ValueError(f"{name}: expected a matrix, users x items, found {dense.ndim} dimension(s)")
    return scipy.sparse.csr_matrix(dense)


def _csr_of_frame(frame: Any, name: str) -> Any:
    """A table of users x items as compressed rows."""
    labels = {str(label).lower().replace("_", "") for label in getattr(frame, "columns", ())}
    if labels & {"userid", "user", "uid"}:
        raise TypeError(f"{name}: expected numbers, users x items, found a table of interactions; recvae.read takes it")
    try:
        sparse = frame.sparse.to_coo()
    except (AttributeError, TypeError):
        sparse = None
    if sparse is not None:
        return sparse.tocsr()
    dense = frame.to_numpy()
    if dense.dtype == object:  # columns of several types, or of types with missing values
        try:
            dense = frame.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            pass
    return _csr(dense, name)


def _numbers(array: Any, name: str, kinds: str) -> NDArray[Any]:
    """The numbers of a matrix as the library reads them: where they lie, if they are of such a type."""
    array = np.asarray(array)
    if array.ndim != 1:
        raise ValueError(f"{name}: expected one dimension, found {array.ndim}")
    if array.dtype.kind not in kinds:
        raise TypeError(f"{name}: expected {'whole ' if 'f' not in kinds else ''}numbers, found {array.dtype}")
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    elif kinds == "iu" and array.dtype not in (np.dtype("i4"), np.dtype("i8")):
        array = array.astype(np.int64)
    elif array.dtype not in _TYPE_OF:
        array = array.astype(array.dtype.newbyteorder("=") if array.dtype.newbyteorder("=") in _TYPE_OF else np.float64)
    return np.ascontiguousarray(array)


class Matrix:
    """A matrix for the library: `struct`, which views memory that lives as long as this.

    Raises TypeError for what is no matrix of numbers, ValueError where its parts do not go together. What the numbers
    are is checked by the library.
    """

    __slots__ = ("rows", "cols", "indptr", "indices", "values", "struct", "name")

    def __init__(self, matrix: Any, name: str, cols: int | None = None) -> None:
        csr = _csr(matrix, name)
        self.name = name.encode()
        self.rows, self.cols = int(csr.shape[0]), int(csr.shape[1])
        if cols is not None and self.cols != cols:
            raise ValueError(f"{name}: expected {cols} columns, one for each item, found {self.cols}")
        self.indptr = _numbers(csr.indptr, f"{name}.indptr", "iu")
        self.indices = _numbers(csr.indices, f"{name}.indices", "iu")
        self.values = _numbers(csr.data, f"{name}.data", "biuf")
        if len(self.indptr) != self.rows + 1:
            raise ValueError(f"{name}: expected {self.rows + 1} offsets, found {len(self.indptr)}")
        if len(self.values) != len(self.indices):
            raise ValueError(f"{name}: expected a number for each of {len(self.indices)} columns, "
                             f"found {len(self.values)}")
        self.struct = self.part(0, self.rows)

    def part(self, first: int, count: int) -> Rows:
        """Some of the rows."""
        indptr = self.indptr
        return Rows(_SIZE, count, self.cols, len(self.indices), indptr.ctypes.data + first * indptr.itemsize,
                    self.indices.ctypes.data, self.values.ctypes.data, _TYPE_OF[indptr.dtype],
                    _TYPE_OF[self.indices.dtype], _TYPE_OF[self.values.dtype], self.name, first)


def item_array(items: Any, name: str, count: int) -> NDArray[np.int32]:
    """Indices of items, below `count`. Raises TypeError, ValueError, IndexError."""
    array = np.asarray(items)
    if array.size == 0:
        return np.zeros(0, np.int32)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected indices of items, found {array.dtype}")
    if array.ndim != 1:
        raise ValueError(f"{name}: expected a list of items, found {array.ndim} dimension(s)")
    least, most = int(array.min()), int(array.max())
    if least < 0 or most >= count:
        raise IndexError(f"{name}: expected items from 0 to {count - 1}, found {least if least < 0 else most}")
    return np.ascontiguousarray(array, np.int32)


def tokens(names: Sequence[Any] | None, argument: str) -> bytes | None:
    """Names of users or items as a text; numbers are written out. Raises TypeError."""
    if names is None:
        return None
    if isinstance(names, (str, bytes)):
        raise TypeError(f"{argument}: expected a list of names, found {type(names).__name__}")
    texts = []
    for name in names:
        if not isinstance(name, (str, int, np.generic)):
            raise TypeError(f"{argument}: expected names, found {name!r}")
        texts.append(str(name))
    return as_json(texts)
