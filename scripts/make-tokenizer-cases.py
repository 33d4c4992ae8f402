"""Makes test/lm/tokenizers/random-cases.json: random texts and what Hugging Face's tokenizers make of them.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install transformers
    /tmp/venv/bin/python scripts/make-tokenizer-cases.py ../shared/fixtures/lm test/lm/tokenizers/random-cases.json
"""

import json
import pathlib
import random
import sys

import transformers
from transformers import AutoTokenizer

root, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
random.seed(0)
letters = {"protein": "ACDEFGHIKLMNPQRSTVWYXBUZO", "dna": "ACGT"}
odd = list("Jj*-.|_~ \t\n") + ["ac", "N", "NN", "[", "]", "<", ">", "\u00e9", "\u4e2d", "\U0001f9ec", "\u00a0", "\x0b", "\r\n", "\n\n", "  "]


def text(kind, specials, k):
    """Mostly letters of the kind (in spaced words of k, if k); here and there something odd, a special token, a space."""
    parts = []
    for _ in range(random.randint(0, 14)):
        draw = random.random()
        if draw < 0.6:
            some = "".join(random.choices(letters[kind], k=random.randint(1, 9)))
            words = [some[i : i + k] for i in range(len(some) - k + 1)] if k else []
            parts.append(" " + " ".join(words) + random.choice(["", " "]) if k else some)
        elif draw < 0.75:
            parts.append(" ")
        elif draw < 0.9:
            parts.append(random.choice(odd))
        else:
            parts.append(random.choice(specials))
    return "".join(parts)


cases = {}
for folder in sorted(p for p in root.iterdir() if (p / "config.json").exists()):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    kind = "dna" if "dna" in folder.name or "nt_" in folder.name else "protein"
    specials = tokenizer.all_special_tokens
    k = max(len(t) for t in tokenizer.get_vocab() if t.isalpha()) if "[CLS]" in specials else 0
    texts = [text(kind, specials, k) for _ in range(60)]
    cases[folder.name] = [{"text": t, "token_ids": tokenizer(t)["input_ids"]} for t in texts]
target.write_text(
    json.dumps({"made_with": {"transformers": transformers.__version__}, "cases": cases}, ensure_ascii=True) + "\n"
)
