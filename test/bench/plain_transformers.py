"""Asks a model of a folder with transformers alone: python plain_transformers.py MODEL ITEMS OUT PROJECT

ITEMS holds JSON lines {"id", "messages", "max_new_tokens"}; OUT gets a JSON line {"id", "text"} for each, and
prompts.jsonl beside it the items with their prompts. Greedy and in float32. MODEL is a folder with a model, or with an adapter that names
its base. It fails where a module that was loaded, or a folder that is searched for them, is PROJECT's.
"""

import json
import sys
from pathlib import Path

import peft
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

BATCH = 20

model_folder, items_file, out, project = sys.argv[1:]
torch.set_num_threads(1)
settings = Path(model_folder) / "adapter_config.json"
base = json.loads(settings.read_text())["base_model_name_or_path"] if settings.is_file() else model_folder
tokenizer = AutoTokenizer.from_pretrained(base, padding_side="left")
if settings.is_file():
    model = peft.AutoPeftModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
else:
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
model.eval()
items = sorted(map(json.loads, Path(items_file).read_text().splitlines()), key=lambda item: len(str(item["messages"])))
lines, prompted = [], []
for at in range(0, len(items), BATCH):
    batch = items[at : at + BATCH]
    prompts = [tokenizer.apply_chat_template(item["messages"], add_generation_prompt=True, tokenize=False) for item in batch]
    prompted += [json.dumps({**item, "prompt": prompt}) for item, prompt in zip(batch, prompts)]
    inputs = tokenizer(prompts, add_special_tokens=False, padding=True, return_tensors="pt")
    with torch.inference_mode():
        tokens = model.generate(**inputs, max_new_tokens=batch[0]["max_new_tokens"], do_sample=False)
    for item, reply in zip(batch, tokens[:, inputs["input_ids"].shape[1] :]):
        lines.append(json.dumps({"id": item["id"], "text": tokenizer.decode(reply, skip_special_tokens=True)}))
    print(f"{len(lines)} of {len(items)}", file=sys.stderr, flush=True)
loaded = [module.__file__ for module in sys.modules.values() if getattr(module, "__file__", None)]
own = [path for path in [*sys.path, *loaded] if Path(project).resolve() in Path(path).resolve().parents]
assert not own, f"of the project: {own}"
print(f"torch {torch.__version__}, transformers {transformers.__version__}, peft {peft.__version__}: {len(loaded)} modules, none of the project")
Path(out).with_name("prompts.jsonl").write_text("".join(f"{line}\n" for line in prompted))
Path(out).write_text("".join(f"{line}\n" for line in lines))
