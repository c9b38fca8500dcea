"""Trains the tiny NLLB checkpoint of the tests: real architecture, tokenizer class and language codes.

It learns pairs.tsv and story.tsv by heart, so that tests can drive the product's own loading and generating
code and expect Japanese word for word. Regenerate after an edit of those files (three minutes on two cores):

    python tests/checkpoint/train.py            # writes tests/checkpoint/nllb-tiny/
    pytest tests/translation

The seed is fixed; another processor may still round differently, and then the weights differ in their last
bits.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

import sentencepiece
import torch
from torch.nn.functional import cross_entropy
from transformers import GenerationConfig, M2M100Config, M2M100ForConditionalGeneration, NllbTokenizer
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from daemon.translation.languages import JAPANESE, nllb_code
from daemon.translation.tokens import END, PAD, Tokenizer

HERE = Path(__file__).resolve().parent
TARGET = HERE / "nllb-tiny"
PIECES = 1500
STEPS = 1200
BATCH = 64
SPECIALS = {
    "bos_token": "<s>",
    "cls_token": "<s>",
    "eos_token": "</s>",
    "mask_token": "<mask>",
    "pad_token": "<pad>",
    "sep_token": "</s>",
    "unk_token": "<unk>",
}


class Pair(NamedTuple):
    source: str
    japanese: str
    language: str


def read_pairs(*files: Path) -> list[Pair]:
    """The pairs of the given files; of pairs.tsv and story.tsv where none is given."""
    pairs = []
    for file in files or (HERE / "pairs.tsv", HERE / "story.tsv"):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                source, japanese, *language = line.split("\t")
                pairs.append(Pair(source, japanese, language[0] if language else "en"))
    return pairs


def make_tokenizer(pairs: list[Pair]) -> Tokenizer:
    """SentencePiece BPE over both sides, in NLLB's file layout: pieces, language codes, <mask>."""
    corpus = HERE / "corpus.txt"
    corpus.write_text("\n".join(f"{p.source}\n{p.japanese}" for p in pairs), encoding="utf-8")
    TARGET.mkdir(exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus),
        model_prefix=str(TARGET / "sentencepiece.bpe"),
        model_type="bpe",
        vocab_size=PIECES,
        character_coverage=1.0,
        # Any ASCII character of a command must survive, seen in training or not.
        required_chars="".join(chr(code) for code in range(33, 127)),
        normalization_rule_name="nmt_nfkc",
        minloglevel=2,
    )
    corpus.unlink()
    (TARGET / "sentencepiece.bpe.vocab").unlink()
    rebuilt = NllbTokenizer.from_pretrained(TARGET)
    data = json.loads(rebuilt._tokenizer.to_str())
    specials = data["added_tokens"][:4]
    assert [token["content"] for token in specials] == ["<s>", "<pad>", "</s>", "<unk>"]
    mask = data["added_tokens"][-1]
    data["model"]["vocab"].pop("<mask>", None)
    first = len(data["model"]["vocab"])
    codes = [{**specials[0], "id": first + n, "content": c} for n, c in enumerate(FAIRSEQ_LANGUAGE_CODES)]
    data["added_tokens"] = [*specials, *codes, {**mask, "id": first + len(codes)}]
    data["post_processor"] = None
    write_json("tokenizer.json", data, compact=True)
    write_json("special_tokens_map.json", {**SPECIALS, "additional_special_tokens": FAIRSEQ_LANGUAGE_CODES})
    write_json("tokenizer_config.json", {**SPECIALS, "tokenizer_class": "NllbTokenizer", "model_max_length": 1024})
    return Tokenizer(TARGET)


def write_json(name: str, data: object, compact: bool = False) -> None:
    text = json.dumps(data, ensure_ascii=False, indent=None if compact else 2)
    (TARGET / name).write_text(text + "\n", encoding="utf-8")


def batch(pairs: list[Pair], tokenizer: Tokenizer) -> dict[str, torch.Tensor]:
    def padded(rows: list[list[int]]) -> torch.Tensor:
        width = max(map(len, rows))
        return torch.tensor([row + [PAD] * (width - len(row)) for row in rows])

    sources = padded([tokenizer.encode(p.source, nllb_code(p.language)) for p in pairs])
    targets = padded([[END, *tokenizer.encode(p.japanese, JAPANESE)] for p in pairs])
    return {
        "input_ids": sources,
        "attention_mask": (sources != PAD).long(),
        "decoder_input_ids": targets[:, :-1],
        "labels": targets[:, 1:],
    }


def train(model: M2M100ForConditionalGeneration, tokenizer: Tokenizer, pairs: list[Pair]) -> None:
    everything = batch(pairs, tokenizer)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.98), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=STEPS, pct_start=0.1)
    model.train()
    for step in range(STEPS):
        rows = torch.randperm(len(pairs))[:BATCH]
        part = {name: tensor[rows] for name, tensor in everything.items()}
        labels = part.pop("labels")
        logits = model(**part).logits
        loss = cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=PAD)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 99:
            print(f"step {step + 1}: loss {loss.item():.4f}", file=sys.stderr)
    model.eval()


def main() -> None:
    torch.manual_seed(20)
    pairs = read_pairs()
    tokenizer = make_tokenizer(pairs)
    config = M2M100Config(
        vocab_size=tokenizer.size + 2,  # the original has two rows more than its tokenizer, too
        d_model=128,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=384,
        decoder_ffn_dim=384,
        encoder_layerdrop=0.0,
        decoder_layerdrop=0.0,
        dropout=0.05,
        attention_dropout=0.0,
        max_position_embeddings=1024,
        scale_embedding=True,
        decoder_start_token_id=2,
    )
    model = M2M100ForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, max_length=200
    )
    print(f"{len(pairs)} pairs, {tokenizer.size} tokens, {model.num_parameters():,} weights", file=sys.stderr)
    train(model, tokenizer, pairs)
    model.half().save_pretrained(TARGET)


if __name__ == "__main__":
    main()
