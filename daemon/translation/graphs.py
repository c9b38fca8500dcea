"""The two ONNX graphs of an M2M-100 model: the encoder, and one step of the decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from daemon.translation.checkpoint import Checkpoint
from daemon.translation.graph_file import CONTRIB, Float, GraphFile
from daemon.translation.onnx_model import DECODER, ENCODER

EPSILON = 1e-5


def write_encoder(checkpoint: Checkpoint, folder: Path) -> None:
    """Embedded source -> the keys and values that every decoder layer looks at, computed once a sentence."""
    shape = checkpoint.shape
    graph = GraphFile(folder, ENCODER)
    state = graph.input("embedded", [1, "source", shape.width])
    change = None
    for layer in range(shape.encoder_layers):
        prefix = f"encoder.layers.{layer}"
        normal, state = _norm(graph, checkpoint, f"{prefix}.self_attn_layer_norm", state, change)
        query, key, value = _queries_keys_values(graph, checkpoint, f"{prefix}.self_attn", normal)
        [seen] = graph.node("MultiHeadAttention", [query, key, value], domain=CONTRIB, num_heads=shape.heads)
        change = _linear(graph, checkpoint, seen, f"{prefix}.self_attn.out_proj")
        normal, state = _norm(graph, checkpoint, f"{prefix}.final_layer_norm", state, change)
        change = _feed_forward(graph, checkpoint, prefix, normal)
    final, _ = _norm(graph, checkpoint, "encoder.layer_norm", state, change)
    heads = graph.constant(np.array([0, 0, shape.heads, shape.head_width]))
    for layer in range(shape.decoder_layers):
        for part in "kv":
            projected = _linear(graph, checkpoint, final, f"decoder.layers.{layer}.encoder_attn.{part}_proj")
            [split] = graph.node("Reshape", [projected, heads])
            name = graph.output(f"cross_{part}{layer}", [1, shape.heads, "source", shape.head_width])
            graph.node("Transpose", [split], [name], perm=[0, 2, 1, 3])
    graph.save()


def write_decoder(checkpoint: Checkpoint, head: Float, folder: Path) -> None:
    """Embedded new tokens, and what is remembered of those before -> the next token's logits, and what to remember."""
    shape = checkpoint.shape
    graph = GraphFile(folder, DECODER)
    state = graph.input("embedded", [1, "new", shape.width])
    change = None
    for layer in range(shape.decoder_layers):
        prefix = f"decoder.layers.{layer}"
        normal, state = _norm(graph, checkpoint, f"{prefix}.self_attn_layer_norm", state, change)
        query, key, value = _queries_keys_values(graph, checkpoint, f"{prefix}.self_attn", normal)
        past = [graph.input(f"past_{part}{layer}", [1, shape.heads, "past", shape.head_width]) for part in "kv"]
        now = [graph.output(f"now_{part}{layer}", [1, shape.heads, "now", shape.head_width]) for part in "kv"]
        seen, *_ = graph.node(
            "MultiHeadAttention",
            [query, key, value, "", "", "", *past],
            [f"seen{layer}", *now],
            CONTRIB,
            num_heads=shape.heads,
            unidirectional=1,
        )
        change = _linear(graph, checkpoint, seen, f"{prefix}.self_attn.out_proj")
        normal, state = _norm(graph, checkpoint, f"{prefix}.encoder_attn_layer_norm", state, change)
        query = _linear(graph, checkpoint, normal, f"{prefix}.encoder_attn.q_proj")
        cross = [graph.input(f"cross_{part}{layer}", [1, shape.heads, "source", shape.head_width]) for part in "kv"]
        [seen] = graph.node("MultiHeadAttention", [query, *cross], domain=CONTRIB, num_heads=shape.heads)
        change = _linear(graph, checkpoint, seen, f"{prefix}.encoder_attn.out_proj")
        normal, state = _norm(graph, checkpoint, f"{prefix}.final_layer_norm", state, change)
        change = _feed_forward(graph, checkpoint, prefix, normal)
    final, _ = _norm(graph, checkpoint, "decoder.layer_norm", state, change)
    hidden = graph.output("hidden", [1, shape.width])
    graph.node("Gather", [final, graph.constant(np.array(-1))], [hidden], axis=1)
    graph.linear(hidden, head, name=graph.output("logits", [1, len(head)]))
    graph.save()


def _norm(graph: GraphFile, checkpoint: Checkpoint, name: str, state: str, change: str | None) -> tuple[str, str]:
    """The state plus the last sublayer's change, normalised; and that sum as it is."""
    scale, shift = (graph.constant(checkpoint.get(f"{name}.{part}")) for part in ("weight", "bias"))
    if change is None:
        [normal] = graph.node("LayerNormalization", [state, scale, shift], epsilon=EPSILON)
        return normal, state
    normal, total = f"{name}.normal", f"{name}.total"
    inputs, outputs = [state, change, scale, shift], [normal, "", "", total]
    graph.node("SkipLayerNormalization", inputs, outputs, CONTRIB, epsilon=EPSILON)
    return normal, total


def _linear(graph: GraphFile, checkpoint: Checkpoint, x: str, *names: str) -> str:
    weight = checkpoint.get(*(f"{name}.weight" for name in names))
    return graph.linear(x, weight, checkpoint.get(*(f"{name}.bias" for name in names)))


def _queries_keys_values(graph: GraphFile, checkpoint: Checkpoint, name: str, x: str) -> list[str]:
    """One product for all three: fewer, larger steps."""
    together = _linear(graph, checkpoint, x, *(f"{name}.{part}_proj" for part in "qkv"))
    return graph.node("Split", [together], 3, axis=-1)


def _feed_forward(graph: GraphFile, checkpoint: Checkpoint, prefix: str, x: str) -> str:
    [inner] = graph.node("Relu", [_linear(graph, checkpoint, x, f"{prefix}.fc1")])
    return _linear(graph, checkpoint, inner, f"{prefix}.fc2")
