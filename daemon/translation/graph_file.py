"""One ONNX graph while it is being written: nodes in a small file, weights in a large one beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

OPSET = 17
IR_VERSION = 9
CONTRIB = "com.microsoft"
"""ONNX Runtime's own operators, present in each of its builds for processors."""
BLOCK = 128
"""Weights that share a scale. Smaller blocks were slower and not measurably better."""
LARGE = 65_536
"""Bytes from which a tensor goes into the weights' file: it is mapped when the graph is loaded, not read."""
_PAGE = 4096
_ROWS = 1024
"""Rows that are quantized at a time, to need little memory."""

Float = npt.NDArray[np.float32]


class GraphFile:
    """Collects nodes; writes large tensors out at once, so that memory never holds the whole model."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._weights = (folder / f"{name}.weights").open("wb")
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def input(self, name: str, shape: Sequence[int | str]) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
        return name

    def output(self, name: str, shape: Sequence[int | str]) -> str:
        self._outputs.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
        return name

    def node(
        self, kind: str, inputs: Sequence[str], outputs: int | Sequence[str] = 1, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Adds an operator; the names of its outputs. "" stands for one that is left out."""
        if isinstance(outputs, int):
            outputs = [self._fresh("x") for _ in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), list(outputs), domain=domain, **attributes))
        return list(outputs)

    def constant(self, array: npt.NDArray[Any]) -> str:
        array = np.asarray(array, order="C")
        name = self._fresh("w")
        if array.nbytes < LARGE:
            self._constants.append(numpy_helper.from_array(array, name))
            return name
        self._weights.write(b"\0" * (-self._weights.tell() % _PAGE))
        place = {"location": f"{self._name}.weights", "offset": self._weights.tell(), "length": array.nbytes}
        self._weights.write(array.data)
        tensor = onnx.TensorProto(name=name, dims=array.shape, data_type=helper.np_dtype_to_tensor_dtype(array.dtype))
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self._constants.append(tensor)
        return name

    def linear(self, x: str, weight: Float, bias: Float | None = None, name: str = "") -> str:
        """x times the transposed weight, in 8 bits, plus the bias."""
        rows, columns = weight.shape
        quantized, scales = quantize(weight)
        inputs = [x, self.constant(quantized), self.constant(scales)]
        if bias is not None:
            inputs += ["", "", self.constant(bias)]
        return self.node(
            "MatMulNBits",
            inputs,
            [name or self._fresh("x")],
            CONTRIB,
            K=columns,
            N=rows,
            bits=8,
            block_size=quantized.shape[2],
            accuracy_level=4,  # the products, too, are computed in 8 bits
        )[0]

    def save(self) -> None:
        self._weights.close()
        graph = helper.make_graph(self._nodes, self._name, self._inputs, self._outputs, self._constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="yomiage", ir_version=IR_VERSION)
        onnx.save(model, self._folder / f"{self._name}.onnx")

    def _fresh(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"


def quantize(weight: Float) -> tuple[npt.NDArray[np.uint8], Float]:
    """8-bit weights as rows x blocks x block, 128 standing for zero, and a scale for each block."""
    rows, columns = weight.shape
    block = min(BLOCK, max(16, 1 << (columns - 1).bit_length()))
    blocks = -(-columns // block)
    quantized = np.empty((rows, blocks, block), np.uint8)
    scales = np.empty((rows, blocks), np.float32)
    for start in range(0, rows, _ROWS):
        part = slice(start, start + _ROWS)
        padded = np.pad(weight[part], ((0, 0), (0, blocks * block - columns))).reshape(-1, blocks, block)
        # A row of zeros (the padding's) has no largest value to scale by.
        scales[part] = np.maximum(np.abs(padded).max(axis=2), 1e-9) / 127
        quantized[part] = np.rint(padded / scales[part][..., None]) + 128
    return quantized, scales
