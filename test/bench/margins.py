"""python margins.py STUDENT QUESTIONS DIFFERING SYSTEM CHAT: for each pair of replies, how close their first different tokens are.

The logits are those of plain transformers and peft in float32, of one row without a cache. Rounding of another order of the same sums can
only change which of two tokens is taken where their logits are about equal.
"""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from syllabus_runtime.chat import encode_question
from syllabus_runtime.chat_settings import parse_chat_settings
from syllabus_runtime.rows import read_questions

student, questions, differing, system, chat = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(student)
asked = {question.id: question for question in read_questions(questions)}
models: dict = {}


def model_with(adapter):
    if adapter not in models:
        models.clear()
        base = AutoModelForCausalLM.from_pretrained(student, dtype=torch.float32)
        models[adapter] = (PeftModel.from_pretrained(base, adapter) if adapter else base).eval()
    return models[adapter]


for line in open(differing, encoding="utf-8"):
    pair = json.loads(line)
    prompt = encode_question(tokenizer, asked[pair["id"]], system, parse_chat_settings(json.loads(chat)))
    end = [tokenizer.eos_token_id]
    own, other = (tokenizer(pair[name], add_special_tokens=False).input_ids + end for name in ("own", "other"))
    at = next(at for at, (one, two) in enumerate(zip(own, other)) if one != two)
    with torch.no_grad():
        logits = model_with(pair["adapter"])(torch.tensor([prompt + own[:at]])).logits[0, -1]
    apart, spread = abs(logits[own[at]] - logits[other[at]]).item(), logits.std().item()
    rank = sorted((logits > logits[token]).sum().item() + 1 for token in (own[at], other[at]))
    named = " / ".join(repr(tokenizer.decode([token])) for token in (own[at], other[at]))
    print(f"{pair['id']} ({'adapter' if pair['adapter'] else 'base'}): token {at + 1}, {named}: {apart:.5f} of {spread:.2f}, ranks {rank}")
