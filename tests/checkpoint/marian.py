"""Makes a tiny Marian checkpoint in a few seconds: architecture and files as on the hub, ten sentences by heart."""

from __future__ import annotations

import json
from pathlib import Path

import sentencepiece
import torch
from torch.nn.functional import cross_entropy
from transformers import GenerationConfig, MarianConfig, MarianMTModel

PAIRS = (
    ("Hello, how are you today?", "こんにちは、今日はお元気ですか？"),
    ("All tests pass.", "テストは全て成功しました。"),
    ("I fixed the bug in parser.py.", "parser.py のバグを修正しました。"),
    ("The build failed.", "ビルドに失敗しました。"),
    (
        "Let me read the configuration file first, then I will run the tests.",
        "まず設定ファイルを読み、次にテストを実行します。",
    ),
    ("Should I commit these changes?", "この変更をコミットしますか？"),
    ("It took 35 seconds before and takes 4 seconds now.", "以前は35秒、今は4秒です。"),
    ("There is a race condition in the cache.", "キャッシュに競合状態があります。"),
    ("Nothing was deleted.", "何も削除していません。"),
    ("That's all for today!", "今日はここまでです！"),
)
STEPS = 220


def make(folder: Path, activation: str = "swish") -> Path:
    """The folder, with config.json, weights, vocab.json, source.spm and target.spm as on the hub."""
    torch.manual_seed(7)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _vocabulary(folder)
    pad = len(vocabulary) - 1
    config = MarianConfig(
        vocab_size=len(vocabulary),
        decoder_vocab_size=len(vocabulary),
        d_model=64,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        max_position_embeddings=256,
        activation_function=activation,
        scale_embedding=True,
        dropout=0.0,
        pad_token_id=pad,
        eos_token_id=0,
        bos_token_id=0,
        forced_eos_token_id=0,
        decoder_start_token_id=pad,
    )
    model = MarianMTModel(config)
    # As in the real ones: what must not be said is far down, the rest a little up and down.
    model.final_logits_bias.copy_(torch.randn(1, len(vocabulary)) * 0.5)
    model.generation_config = GenerationConfig(
        decoder_start_token_id=pad, eos_token_id=0, pad_token_id=pad, bad_words_ids=[[pad]], num_beams=6
    )
    _train(model, folder, vocabulary, pad)
    model.save_pretrained(folder)
    return folder


def _vocabulary(folder: Path) -> dict[str, int]:
    pieces: list[str] = []
    for side, name in enumerate(("source", "target")):
        corpus = folder / f"{name}.txt"
        corpus.write_text("\n".join(pair[side] for pair in PAIRS) + "\n", encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus),
            model_prefix=str(folder / name),
            vocab_size=170,
            hard_vocab_limit=False,
            character_coverage=1.0,
            minloglevel=2,
        )
        (folder / f"{name}.model").rename(folder / f"{name}.spm")
        lines = (folder / f"{name}.vocab").read_text(encoding="utf-8").splitlines()
        pieces += [line.partition("\t")[0] for line in lines]
        corpus.unlink()
        (folder / f"{name}.vocab").unlink()
    text = [piece for piece in dict.fromkeys(pieces) if piece not in ("<s>", "</s>", "<unk>")]
    vocabulary = {piece: number for number, piece in enumerate(["</s>", "<unk>", *text, "<pad>"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    return vocabulary


def _train(model: MarianMTModel, folder: Path, vocabulary: dict[str, int], pad: int) -> None:
    sides = [sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{s}.spm")) for s in ("source", "target")]
    rows = [
        [
            torch.tensor([*(vocabulary[p] for p in spm.encode(text, out_type=str)), 0])
            for spm, text in zip(sides, pair, strict=True)
        ]
        for pair in PAIRS
    ]
    sources, labels = (
        torch.nn.utils.rnn.pad_sequence([row[side] for row in rows], batch_first=True, padding_value=pad)
        for side in (0, 1)
    )
    started = torch.cat([torch.full((len(rows), 1), pad), labels[:, :-1]], dim=1)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    model.train()
    for _ in range(STEPS):
        logits = model(input_ids=sources, attention_mask=(sources != pad).long(), decoder_input_ids=started).logits
        loss = cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=pad)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
