"""PyTorch's side of the speed benchmark: reads `KIND L B` lines, answers with CPU seconds of one run.

KIND is fwd (mean features), vjp (features and their gradient to the embedding) or train (loss and all gradients).
Needs torch and transformers from PyPI, in a virtual environment outside the repository.
"""
import json
import sys
import time

import torch
from transformers import EsmConfig, EsmForMaskedLM

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
sizes = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
config = EsmConfig(
    vocab_size=33, hidden_size=sizes.get("hidden", 320), num_hidden_layers=sizes.get("layers", 6),
    num_attention_heads=sizes.get("heads", 20), intermediate_size=sizes.get("ffn", 1280),
    max_position_embeddings=1026, position_embedding_type="rotary", token_dropout=True, pad_token_id=1,
    mask_token_id=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager",
)
torch.manual_seed(0)
model = EsmForMaskedLM(config).eval()


def forward(ids):
    with torch.no_grad():
        return model.esm(input_ids=ids).last_hidden_state[:, 1:-1].mean(1)


def vjp(ids, v):
    embedded = model.esm.embeddings.word_embeddings(ids).detach().requires_grad_(True)
    for p in model.parameters():
        p.requires_grad_(False)
    hidden = model.esm(inputs_embeds=embedded, attention_mask=torch.ones_like(ids)).last_hidden_state
    phi = hidden[:, 1:-1].mean(1)
    (gradient,) = torch.autograd.grad((phi * v).sum(), embedded)
    return gradient @ model.esm.embeddings.word_embeddings.weight.T


def train(ids):
    for p in model.parameters():
        p.requires_grad_(True)
        p.grad = None
    model(input_ids=ids, labels=ids).loss.backward()


print("ready", flush=True)
for line in sys.stdin:
    kind, length, batch = line.split()
    ids = torch.randint(4, 24, (int(batch), int(length) + 2))
    ids[:, 0], ids[:, -1] = 0, 2
    v = torch.randn(int(batch), config.hidden_size)
    cpu, wall = time.process_time(), time.perf_counter()
    {"fwd": lambda: forward(ids), "vjp": lambda: vjp(ids, v), "train": lambda: train(ids)}[kind]()
    print(time.process_time() - cpu, time.perf_counter() - wall, flush=True)
