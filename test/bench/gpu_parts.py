"""What gpu.ts starts beside the runtimes, each in a process of its own:

python gpu_parts.py make TOKENIZER FOLDER          a student of Llama-3.1-8B's shape with random weights, in bfloat16
python gpu_parts.py plain STUDENT ROWS RECIPE      tokens a second of a plain loop of transformers and peft, as JSON
python gpu_parts.py fill LEFT_GB                   leaves so much memory of the GPU free until its input ends
"""

import json
import sys
import time

import torch


def make(tokenizer: str, folder: str) -> None:
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        hidden_size=4096,
        intermediate_size=14336,
        num_hidden_layers=32,
        num_attention_heads=32,
        num_key_value_heads=8,
        vocab_size=128256,
        max_position_embeddings=8192,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
    )
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(tokenizer).save_pretrained(folder)


def plain(student: str, rows: str, recipe: str) -> None:
    """As most people write it: one padded batch a pass, the loss of transformers, AdamW."""
    from peft import LoraConfig, get_peft_model
    from syllabus_runtime.chat import encode_row
    from syllabus_runtime.rows import read_rows
    from transformers import AutoModelForCausalLM, AutoTokenizer

    asked = json.loads(recipe)
    tokenizer = AutoTokenizer.from_pretrained(student)
    examples = [encode_row(tokenizer, row, asked["system"]) for row in read_rows(rows)]
    model = AutoModelForCausalLM.from_pretrained(student, dtype=torch.bfloat16).cuda()
    model = get_peft_model(model, LoraConfig(r=asked["lora_rank"], lora_alpha=asked["lora_alpha"], target_modules="all-linear", task_type="CAUSAL_LM"))
    weights = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=asked["learning_rate"], weight_decay=0.0)
    size, passes = asked["per_device_train_batch_size"], asked["gradient_accumulation_steps"]
    tokens, started = 0, 0.0
    for n, at in enumerate(range(0, len(examples) - size + 1, size)):
        if n == passes:
            # The first step warms up.
            torch.cuda.synchronize()
            tokens, started = 0, time.monotonic()
        batch = examples[at : at + size]
        longest = max(each.tokens for each in batch)
        ids = torch.full((size, longest), tokenizer.pad_token_id, device="cuda")
        labels = torch.full((size, longest), -100, device="cuda")
        mask = torch.zeros((size, longest), dtype=torch.long, device="cuda")
        for row, each in enumerate(batch):
            ids[row, : each.tokens] = torch.tensor(each.prompt + each.completion)
            labels[row, len(each.prompt) : each.tokens] = torch.tensor(each.completion)
            mask[row, : each.tokens] = 1
        (model(input_ids=ids, attention_mask=mask, labels=labels).loss / passes).backward()
        tokens += sum(each.tokens for each in batch)
        if (n + 1) % passes == 0:
            torch.nn.utils.clip_grad_norm_(weights, asked["max_grad_norm"])
            optimizer.step()
            optimizer.zero_grad()
    torch.cuda.synchronize()
    print(json.dumps({"tokens_per_s": round(tokens / (time.monotonic() - started), 1), "peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2)}))


def fill(left_gb: str) -> None:
    free, _ = torch.cuda.mem_get_info()
    held = torch.empty(max(0, free - int(float(left_gb) * 1e9)), dtype=torch.uint8, device="cuda")
    print(json.dumps({"held_gb": round(held.numel() / 1e9, 2)}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    {"make": make, "plain": plain, "fill": fill}[sys.argv[1]](*sys.argv[2:])
