"""The two ONNX graphs of an M2M-100, Marian or starter model: the encoder, and one step of the decoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from daemon.translation.checkpoint import STARTER, Checkpoint
from daemon.translation.graph_file import CONTRIB, Float, GraphFile
from daemon.translation.onnx_model import DECODER, ENCODER

EPSILON = 1e-5


def write_encoder(checkpoint: Checkpoint, folder: Path) -> None:
    """Embedded source -> the keys and values that every decoder layer looks at, computed once a sentence."""
    shape = checkpoint.shape
    graph = GraphFile(folder, ENCODER)
    embedded = graph.input("embedded", [1, "source", shape.width])
    stream = _Stream(graph, checkpoint, embedded, shape.encoder_post_norm)
    if shape.model_type == STARTER:
        stream.normalise("encoder.embed_layer_norm")
    for layer in range(shape.encoder_layers):
        prefix = f"encoder.layers.{layer}"
        normal = stream.enter(f"{prefix}.self_attn_layer_norm")
        query, key, value = _queries_keys_values(graph, checkpoint, f"{prefix}.self_attn", normal)
        [seen] = graph.node("MultiHeadAttention", [query, key, value], domain=CONTRIB, num_heads=shape.heads)
        stream.leave(_linear(graph, checkpoint, seen, f"{prefix}.self_attn.out_proj"))
        stream.leave(_feed_forward(graph, checkpoint, prefix, stream.enter(f"{prefix}.final_layer_norm")))
    final = stream.end("encoder.layer_norm")
    heads = graph.constant(np.array([0, 0, shape.heads, shape.head_width]))
    for layer in range(shape.decoder_layers):
        for part in "kv":
            projected = _linear(graph, checkpoint, final, f"decoder.layers.{layer}.encoder_attn.{part}_proj")
            [split] = graph.node("Reshape", [projected, heads])
            name = graph.output(f"cross_{part}{layer}", [1, shape.heads, "source", shape.head_width])
            graph.node("Transpose", [split], [name], perm=[0, 2, 1, 3])
    graph.save()


def write_decoder(checkpoint: Checkpoint, head: Float, folder: Path, bias: Float | None = None) -> None:
    """Embedded new tokens, and what is remembered of those before -> the next token's logits, and what to remember.

    Several rows at a time: of one sentence, or of several, whose ends `unread` marks by minus infinity.
    """
    shape = checkpoint.shape
    graph = GraphFile(folder, DECODER)
    embedded = graph.input("embedded", ["rows", "new", shape.width])
    stream = _Stream(graph, checkpoint, embedded, shape.decoder_post_norm)
    unread = graph.input("unread", ["rows", 1, "new", "source"])
    for layer in range(shape.decoder_layers):
        prefix = f"decoder.layers.{layer}"
        normal = stream.enter(f"{prefix}.self_attn_layer_norm")
        query, key, value = _queries_keys_values(graph, checkpoint, f"{prefix}.self_attn", normal)
        past = [graph.input(f"past_{part}{layer}", ["rows", shape.heads, "past", shape.head_width]) for part in "kv"]
        now = [graph.output(f"now_{part}{layer}", ["rows", shape.heads, "now", shape.head_width]) for part in "kv"]
        seen, *_ = graph.node(
            "MultiHeadAttention",
            [query, key, value, "", "", "", *past],
            [f"seen{layer}", *now],
            CONTRIB,
            num_heads=shape.heads,
            unidirectional=1,
        )
        stream.leave(_linear(graph, checkpoint, seen, f"{prefix}.self_attn.out_proj"))
        normal = stream.enter(f"{prefix}.encoder_attn_layer_norm")
        query = _linear(graph, checkpoint, normal, f"{prefix}.encoder_attn.q_proj")
        cross = [
            graph.input(f"cross_{part}{layer}", ["rows", shape.heads, "source", shape.head_width]) for part in "kv"
        ]
        inputs = [query, *cross, "", "", unread]
        [seen] = graph.node("MultiHeadAttention", inputs, domain=CONTRIB, num_heads=shape.heads)
        stream.leave(_linear(graph, checkpoint, seen, f"{prefix}.encoder_attn.out_proj"))
        stream.leave(_feed_forward(graph, checkpoint, prefix, stream.enter(f"{prefix}.final_layer_norm")))
    final = stream.end("decoder.layer_norm")
    hidden = graph.output("hidden", ["rows", shape.width])
    graph.node("Gather", [final, graph.constant(np.array(-1))], [hidden], axis=1)
    graph.linear(hidden, head, bias, name=graph.output("logits", ["rows", len(head)]))
    graph.save()


class _Stream:
    """The state that every sublayer adds its change to. M2M-100 normalises what a sublayer reads; Marian the sum."""

    def __init__(self, graph: GraphFile, checkpoint: Checkpoint, state: str, post_norm: bool) -> None:
        self._graph = graph
        self._checkpoint = checkpoint
        self._state = state
        self._post_norm = post_norm
        self._change: str | None = None
        self._name = ""

    def normalise(self, name: str) -> None:
        """The state becomes its normalisation."""
        self._state = self._normal(name)

    def enter(self, name: str) -> str:
        """What the sublayer with the normalisation of that name reads."""
        if self._post_norm:
            self._name = name
            return self._state
        return self._normal(name)

    def leave(self, change: str) -> None:
        """Takes the sublayer's change."""
        self._change = change
        if self._post_norm:
            self._state, self._change = self._normal(self._name), None

    def end(self, name: str) -> str:
        """What follows after the last layer reads."""
        return self._state if self._post_norm else self._normal(name)

    def _normal(self, name: str) -> str:
        """The state with the last change, normalised; the state becomes that sum as it is."""
        scale, shift = (self._graph.constant(self._checkpoint.get(f"{name}.{part}")) for part in ("weight", "bias"))
        if self._change is None:
            return self._graph.node("LayerNormalization", [self._state, scale, shift], epsilon=EPSILON)[0]
        normal, total = f"{name}.normal", f"{name}.total"
        inputs, outputs = [self._state, self._change, scale, shift], [normal, "", "", total]
        self._graph.node("SkipLayerNormalization", inputs, outputs, CONTRIB, epsilon=EPSILON)
        self._state = total
        return normal


def _linear(graph: GraphFile, checkpoint: Checkpoint, x: str, *names: str) -> str:
    weight = checkpoint.get(*(f"{name}.weight" for name in names))
    return graph.linear(x, weight, checkpoint.get(*(f"{name}.bias" for name in names)))


def _queries_keys_values(graph: GraphFile, checkpoint: Checkpoint, name: str, x: str) -> list[str]:
    """One product for all three: fewer, larger steps."""
    together = _linear(graph, checkpoint, x, *(f"{name}.{part}_proj" for part in "qkv"))
    return graph.node("Split", [together], 3, axis=-1)


def _feed_forward(graph: GraphFile, checkpoint: Checkpoint, prefix: str, x: str) -> str:
    inner = _linear(graph, checkpoint, x, f"{prefix}.fc1")
    return _linear(graph, checkpoint, _ACTIVATIONS[checkpoint.shape.activation](graph, inner), f"{prefix}.fc2")


_ACTIVATIONS: dict[str, Callable[[GraphFile, str], str]] = {
    "relu": lambda graph, x: graph.node("Relu", [x])[0],
    "gelu": lambda graph, x: graph.node("Gelu", [x], domain=CONTRIB)[0],
    "swish": lambda graph, x: graph.node("QuickGelu", [x], domain=CONTRIB, alpha=1.0)[0],  # x times its sigmoid
}
