"""Makes the small .bin files of test/lm/io/pytorch with PyTorch itself (any version from 2.0).

    python -m venv /tmp/venv && /tmp/venv/bin/pip install torch numpy
    /tmp/venv/bin/python scripts/make-pytorch-bins.py test/lm/io/pytorch

accepted.json holds the values of every tensor of the files that must be read; the names of the others say why they
must be refused. Nothing here reads our own code's output.
"""

import collections
import json
import os
import pathlib
import pickle
import sys

import torch

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
torch.manual_seed(0)


def state():
    """Every element type and layout that a state dict holds, under names as old BERT checkpoints write them."""
    base = torch.randn(4, 6)
    return collections.OrderedDict(
        [
            ("bert.embeddings.word_embeddings.weight", torch.randn(7, 4)),
            ("bert.embeddings.LayerNorm.gamma", torch.randn(4)),
            ("bert.embeddings.LayerNorm.beta", torch.randn(4)),
            ("transposed", base.t()),
            ("every_second_column", base[:, ::2]),
            ("rows_2_and_3_of_the_same_storage", base[2:]),
            ("float16", torch.randn(3, 2).half()),
            ("bfloat16", torch.randn(3, 2).bfloat16()),
            ("float64", torch.randn(3, dtype=torch.float64)),
            ("int64", torch.tensor([[1, -(2**40)]])),
            ("int32", torch.tensor([1, -2], dtype=torch.int32)),
            ("int16", torch.tensor([1, -2], dtype=torch.int16)),
            ("int8", torch.tensor([1, -2], dtype=torch.int8)),
            ("uint8", torch.tensor([1, 255], dtype=torch.uint8)),
            ("bool", torch.tensor([True, False])),
            ("scalar", torch.tensor(2.5)),
            ("empty", torch.zeros(0, 3)),
        ]
    )


def values(tensors):
    return {
        name: {"shape": list(t.shape), "values": t.detach().double().flatten().tolist()} for name, t in tensors.items()
    }


accepted = {}


def accept(name, thing, tensors, **options):
    torch.save(thing, folder / name, **options)
    accepted[name] = values(tensors)


plain = state()
accept("ordered_dict.bin", plain, plain)
accept("protocol_4.bin", dict(plain), plain, pickle_protocol=4)
module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))
# With its _metadata attribute, as every module's state dict has.
accept("module_state.bin", module.state_dict(), module.state_dict())
parameters = dict(module.named_parameters())
accept("parameters.bin", parameters, parameters)
# More than 256 memoised values, which take the long form of the memo's opcodes.
many = {f"tensor.{i}": torch.full((1,), float(i)) for i in range(40)}
accept("many.bin", many, many)
(folder / "accepted.json").write_text(
    json.dumps({"made_with": {"torch": torch.__version__}, "files": accepted}) + "\n"
)


class Command:
    """What an attacker would store: unpickling it with Python would run a command."""

    def __reduce__(self):
        return (os.system, ("echo this must never run",))


torch.save(plain, folder / "refused_legacy_layout.bin", _use_new_zipfile_serialization=False)
torch.save(module, folder / "refused_whole_module.bin")
torch.save({"x": Command()}, folder / "refused_command.bin")
torch.save({"x": torch.zeros(2).expand(3, 2)}, folder / "refused_expanded.bin")
torch.save({"x": torch.zeros(2, 2).to_sparse()}, folder / "refused_sparse.bin")
torch.save([torch.zeros(2)], folder / "refused_list.bin")
torch.save({"model": {"x": torch.zeros(2)}}, folder / "refused_nested.bin")
torch.save(torch.zeros(2), folder / "refused_single_tensor.bin")
(folder / "refused_plain_pickle.bin").write_bytes(pickle.dumps({"x": 1}))
