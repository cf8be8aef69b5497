"""BLAS and LAPACK of scipy, called by compiled loops on parts of arrays.

numba's `numpy.dot` knows neither triangles nor leading dimensions. The routines here are those that
scipy offers to Cython. Their addresses change from one process to the next: they are handed in as
a tuple (`ROUTINES`), so that what is compiled can be kept on disk.

Matrices are stretches of one-dimensional arrays, by columns, each with its leading dimension.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import get_cython_function_address, intrinsic

__all__ = ["ROUTINES", "gemm", "gemv", "potrf", "potri", "symm", "syrk", "trsm", "trsv"]

ROUTINES: tuple[int, ...] = (
    get_cython_function_address("scipy.linalg.cython_blas", "dgemm"),
    get_cython_function_address("scipy.linalg.cython_blas", "dsymm"),
    get_cython_function_address("scipy.linalg.cython_blas", "dsyrk"),
    get_cython_function_address("scipy.linalg.cython_blas", "dtrsm"),
    get_cython_function_address("scipy.linalg.cython_blas", "dgemv"),
    get_cython_function_address("scipy.linalg.cython_blas", "dtrsv"),
    get_cython_function_address("scipy.linalg.cython_lapack", "dpotrf"),
    get_cython_function_address("scipy.linalg.cython_lapack", "dpotri"),
)
"""Addresses of the routines."""

_LOWER, _LEFT, _RIGHT = np.uint8(ord("L")), np.uint8(ord("L")), np.uint8(ord("R"))
_PLAIN, _TURNED, _NO_UNIT = np.uint8(ord("N")), np.uint8(ord("T")), np.uint8(ord("N"))


def _fortran(typingctx, address, arguments):
    """Call a Fortran routine: uint8 is a letter, integers are `int`, of an array its start."""

    def generate(context, builder, signature, values):
        pointers = []
        for k, kind in enumerate(signature.args[1]):
            value = builder.extract_value(values[1], k)
            if isinstance(kind, types.Array):
                pointers.append(context.make_array(kind)(context, builder, value).data)
                continue
            if isinstance(value.type, ir.IntType) and value.type.width > 32:
                value = builder.trunc(value, ir.IntType(32))
            slot = cgutils.alloca_once(builder, value.type)
            builder.store(value, slot)
            pointers.append(slot)
        routine = ir.FunctionType(ir.VoidType(), [p.type for p in pointers])
        builder.call(builder.inttoptr(values[0], routine.as_pointer()), pointers)
        return context.get_dummy_value()

    return types.void(address, arguments), generate


_call: Any = intrinsic(_fortran)


@njit(cache=True, nogil=True)
def gemm(blas, turn, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc):
    """C = alpha op(A) B + beta C; C has shape (m, n), op(A) is A or, if `turn`, its transpose."""
    letter = _TURNED if turn else _PLAIN
    _call(blas[0], (letter, _PLAIN, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc))


@njit(cache=True, nogil=True)
def symm(blas, m, n, alpha, a, lda, b, ldb, beta, c, ldc):
    """C = alpha A B + beta C, with the lower triangle of the symmetric A and C of shape (m, n)."""
    _call(blas[1], (_LEFT, _LOWER, m, n, alpha, a, lda, b, ldb, beta, c, ldc))


@njit(cache=True, nogil=True)
def syrk(blas, n, k, alpha, a, lda, beta, c, ldc):
    """C = alpha A A' + beta C for the lower triangle of C, with A of shape (n, k)."""
    _call(blas[2], (_LOWER, _PLAIN, n, k, alpha, a, lda, beta, c, ldc))


@njit(cache=True, nogil=True)
def trsm(blas, left, turn, m, n, a, lda, b, ldb):
    """B = op(A)^-1 B or, if not `left`, B op(A)^-1; A is a lower triangle, B has shape (m, n)."""
    side = _LEFT if left else _RIGHT
    letter = _TURNED if turn else _PLAIN
    _call(blas[3], (side, _LOWER, letter, _NO_UNIT, m, n, 1.0, a, lda, b, ldb))


@njit(cache=True, nogil=True)
def gemv(blas, turn, m, n, alpha, a, lda, x, beta, y):
    """Y = alpha op(A) x + beta y, with A of shape (m, n)."""
    letter = _TURNED if turn else _PLAIN
    _call(blas[4], (letter, m, n, alpha, a, lda, x, 1, beta, y, 1))


@njit(cache=True, nogil=True)
def trsv(blas, turn, n, a, lda, x):
    """X = op(A)^-1 x, with a lower triangle A."""
    letter = _TURNED if turn else _PLAIN
    _call(blas[5], (_LOWER, letter, _NO_UNIT, n, a, lda, x, 1))


@njit(cache=True, nogil=True)
def potrf(blas, n, a, lda, info):
    """Put L of A = L L' into A; info[0] (int32) is 0, or the minor that failed."""
    _call(blas[6], (_LOWER, n, a, lda, info))


@njit(cache=True, nogil=True)
def potri(blas, n, a, lda, info):
    """Put (L L')^-1 into A, which holds L; of both the lower triangle."""
    _call(blas[7], (_LOWER, n, a, lda, info))
