"""Exports the fixtures' tiny models to ONNX with both of PyTorch's exporters, as a user would.

Made test/onnx/*.onnx and the JSON beside each (random weights, our own: no licence to mind):

    python -m venv /tmp/venv-torch
    /tmp/venv-torch/bin/pip install torch transformers onnx onnxscript
    /tmp/venv-torch/bin/python scripts/export-onnx.py ../shared/fixtures/lm test/onnx

With --all every model is exported with every exporter, attention and opset into the folder; the tests read them too
when the environment variable BISEQ_ONNX names it.

Versions that made the kept files: torch 2.15.0, transformers 5.24.0, onnx 1.23.2, onnxscript 0.7.2.
"""

import argparse
import itertools
import json
from pathlib import Path

import onnx
import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

MODELS = ["esm2_tiny", "esm1b_sharded", "dnabert3_tiny", "protbert_tiny", "gpt2_tiny"]

# (model, exporter, attention, opset, weights in a file of their own)
KEPT = [
    ("esm2_tiny", "script", "sdpa", 14, False),
    ("esm2_tiny", "dynamo", "sdpa", 23, False),
    ("esm1b_sharded", "script", "eager", 17, False),
    ("dnabert3_tiny", "dynamo", "sdpa", 18, False),
    ("protbert_tiny", "script", "sdpa", 17, False),
    ("protbert_tiny", "dynamo", "eager", 18, True),
    ("gpt2_tiny", "script", "eager", 14, False),
    ("gpt2_tiny", "dynamo", "sdpa", 18, False),
]

ALL = [
    (model, exporter, attention, opset, False)
    for model, attention in itertools.product(MODELS, ["eager", "sdpa"])
    for exporter, opsets in {"script": [14, 17, 18, 20], "dynamo": [18, 20, 23]}.items()
    for opset in opsets
]


class HiddenAndLogits(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        options = {"use_cache": False} if self.model.config.model_type == "gpt2" else {}
        outputs = self.model(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True, **options
        )
        return outputs.hidden_states[-1], outputs.logits


def load(folder: Path, attention: str):
    family = AutoModelForCausalLM if "gpt2" in folder.name else AutoModelForMaskedLM
    return family.from_pretrained(folder, attn_implementation=attention).eval()


def export(folder: Path, exporter: str, attention: str, opset: int, external: bool, file: Path):
    model = HiddenAndLogits(load(folder, attention))
    pad = model.model.config.pad_token_id
    ids = torch.tensor([[3, 5, 6, 7, 8, 9, 10], [3, 5, 6, 7, 8, 9, pad]])
    arguments = (ids, (torch.arange(7) < torch.tensor([[7], [6]])).long())
    names = {"input_names": ["input_ids", "attention_mask"], "output_names": ["last_hidden_state", "logits"]}
    if exporter == "script":
        axes = {name: {0: "batch", 1: "sequence"} for name in names["input_names"] + names["output_names"]}
        torch.onnx.export(
            model, arguments, file, dynamo=False, opset_version=opset, dynamic_axes=axes, **names
        )
    else:
        sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence")}
        shapes = {name: sizes for name in names["input_names"]}
        torch.onnx.export(
            model, arguments, file, dynamo=True, opset_version=opset, dynamic_shapes=shapes, external_data=False, **names
        )
    strip(file, external)


def strip(file: Path, external: bool):
    """Drops what only people read (stack traces, inferred shapes), so that the repository stays small."""
    model = onnx.load(file)
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
        value.doc_string = ""
    if external:
        onnx.save(
            model, file, save_as_external_data=True, location=f"{file.name}.data", size_threshold=256,
            convert_attribute=False,
        )
    else:
        onnx.save(model, file)


def description(folder: Path) -> dict:
    name = folder.name
    if name == "gpt2_tiny":
        vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
        tokens = sorted(vocabulary, key=vocabulary.get)
        special = {"cls": "<bos>", "eos": "<eos>", "pad": "<pad>", "unk": "<unk>"}
        return {"tokenizer": {"tokens": "letters", "vocabulary": tokens, "special": special}, "causal": True}
    tokens = (folder / "vocab.txt").read_text().split()
    if name.startswith("esm"):
        special = {"cls": "<cls>", "eos": "<eos>", "pad": "<pad>", "mask": "<mask>", "unk": "<unk>"}
    else:
        special = {"cls": "[CLS]", "eos": "[SEP]", "pad": "[PAD]", "mask": "[MASK]", "unk": "[UNK]"}
    units = {"tokens": "overlapping-kmers", "k": 3} if name == "dnabert3_tiny" else {"tokens": "letters"}
    return {"tokenizer": {**units, "vocabulary": tokens, "special": special}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fixtures", type=Path, help="../shared/fixtures/lm")
    parser.add_argument("out", type=Path)
    parser.add_argument("--all", action="store_true", help="every exporter, attention and opset")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for model, exporter, attention, opset, external in ALL if options.all else KEPT:
        folder = options.fixtures / model
        file = options.out / f"{model}.{exporter}-{attention}-{opset}.onnx"
        export(folder, exporter, attention, opset, external, file)
        file.with_suffix(".json").write_text(json.dumps(description(folder)) + "\n")
        print(file, file.stat().st_size)


main()
