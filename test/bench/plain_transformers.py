"""Asks a model of a folder with transformers alone: python plain_transformers.py MODEL ITEMS OUT [ADAPTER]

ITEMS holds JSON lines {"id", "messages", "max_new_tokens"}; OUT gets a JSON line {"id", "text"} for each. Greedy, in float32, one after the other.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

model_folder, items, out = sys.argv[1:4]
tokenizer = AutoTokenizer.from_pretrained(model_folder)
if len(sys.argv) > 4:
    from peft import AutoPeftModelForCausalLM

    model = AutoPeftModelForCausalLM.from_pretrained(sys.argv[4], dtype=torch.float32)
else:
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
model.eval()
lines = []
for item in map(json.loads, Path(items).read_text().splitlines()):
    prompt = tokenizer.apply_chat_template(item["messages"], add_generation_prompt=True, return_tensors="pt", return_dict=True)
    with torch.inference_mode():
        tokens = model.generate(**prompt, max_new_tokens=item["max_new_tokens"], do_sample=False)
    text = tokenizer.decode(tokens[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True)
    lines.append(json.dumps({"id": item["id"], "text": text}))
Path(out).write_text("".join(f"{line}\n" for line in lines))
