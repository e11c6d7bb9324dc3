"""Random students of many families, small enough to be made, trained and asked by each test run.

python family_students.py FOLDER [NAME ...]
"""

import sys
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, GenerationConfig, PreTrainedTokenizerFast

CAPITALS = dict(
    France="Paris", Italy="Rome", Spain="Madrid", Japan="Tokyo", Peru="Lima", Kenya="Nairobi",
    Norway="Oslo", Cuba="Havana", Egypt="Cairo", Iran="Tehran", Iraq="Baghdad", Chile="Santiago",
)  # fmt: skip
# Sizes by the names that families have for them; each takes those that its configuration knows.
SMALL = dict(
    hidden_size=64, d_model=64, n_embd=64, intermediate_size=64, ffn_dim=64, ffn_hidden_size=64, num_hidden_layers=4, n_layer=4, n_layers=4,
    num_layers=4, num_attention_heads=4, n_head=4, n_heads=4, num_heads=4, num_key_value_heads=2, head_dim=8, max_position_embeddings=512,
    n_positions=512, max_seq_len=512, sliding_window=24, attention_window_size=24, attention_chunk_size=24, word_embed_proj_dim=64, rotary_dim=8,
    num_experts=4, num_local_experts=4, n_routed_experts=4, moe_num_experts=4, num_experts_per_tok=2, moe_intermediate_size=16, moe_topk=2,
    shared_expert_intermediate_size=32, n_group=1, topk_group=1, first_k_dense_replace=1, n_shared_experts=1,
    q_lora_rank=16, kv_lora_rank=16, qk_rope_head_dim=8, qk_nope_head_dim=8, v_head_dim=8, query_pre_attn_scalar=8, kv_channels=8,
    state_size=8, ssm_state_size=8, time_step_rank=4, mamba_d_state=8, mamba_d_conv=4, mamba_expand=2, mamba_n_heads=4, mamba_d_head=32,
    mamba_n_groups=1, mamba_dt_rank=4, lru_width=64, hidden_size_per_layer_input=8, vocab_size_per_layer_input=600, num_kv_shared_layers=0,
    linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=8, linear_value_head_dim=8, linear_conv_kernel_dim=4,
    # Nothing random, so that replies and losses can be compared; and what is to be learned by heart is learned sooner.
    resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, dropout=0.0, attention_dropout=0.0, hidden_dropout=0.0, activation_dropout=0.0,
)  # fmt: skip
NO_EXPERTS = dict(num_local_experts=0, num_experts_per_tok=0, shared_intermediate_size=64)
LATENT = dict(num_key_value_heads=4, head_dim=None)

# By name: the model's type, what its configuration has beside the small sizes, and the style of its template.
FAMILIES: dict[str, tuple[str, dict, str]] = {
    "llama": ("llama", {}, "llama"),
    "llama-tied": ("llama", dict(tie_word_embeddings=True), "plain"),
    "qwen2": ("qwen2", {}, "plain"),
    "qwen2-base": ("qwen2", {}, "base"),
    "qwen3": ("qwen3", {}, "thinks"),
    "qwen3-thinking": ("qwen3", {}, "opens"),
    "deepseek-distill": ("qwen2", {}, "opens-unclosed"),
    "mistral": ("mistral", {}, "instruct"),
    "ministral": ("ministral", {}, "instruct"),
    "mixtral": ("mixtral", {}, "instruct"),
    "gemma": ("gemma", {}, "no-system"),
    "gemma2": ("gemma2", {}, "no-system"),
    "gemma3": ("gemma3_text", dict(layer_types=["sliding_attention", "sliding_attention", "sliding_attention", "full_attention"]), "no-system"),
    "gemma3n": ("gemma3n_text", {}, "no-system"),
    "gemma4": ("gemma4_text", {}, "no-system"),
    "gemma3-images": ("gemma3", {}, "parts"),
    "phi3": ("phi3", {}, "plain"),
    "phi3-longrope": (
        "phi3",
        dict(
            original_max_position_embeddings=30,
            rope_parameters=dict(rope_type="longrope", rope_theta=1e4, short_factor=[1.0] * 8, long_factor=[1.5, 2.0, 3.0, 4.0] * 2, original_max_position_embeddings=30),
        ),
        "plain",
    ),
    "phimoe": ("phimoe", {}, "plain"),
    "olmo2": ("olmo2", {}, "plain"),
    "olmo3": ("olmo3", {}, "plain"),
    "olmo-hybrid": ("olmo_hybrid", {}, "plain"),
    "granite": ("granite", {}, "dated"),
    "granite-moe": ("granitemoe", {}, "dated"),
    "granite4": ("granitemoehybrid", dict(layer_types=["attention"] * 4, position_embedding_type="rope", **NO_EXPERTS), "dated"),
    "granite4-hybrid": ("granitemoehybrid", dict(layer_types=["mamba", "mamba", "attention", "mamba"], position_embedding_type="nope", **NO_EXPERTS), "dated"),
    "smollm3": ("smollm3", dict(no_rope_layer_interval=4), "dated"),
    "lfm2": ("lfm2", dict(layer_types=["conv", "full_attention", "conv", "full_attention"]), "plain"),
    "lfm2-moe": ("lfm2_moe", dict(layer_types=["conv", "full_attention", "conv", "full_attention"]), "plain"),
    "qwen2-moe": ("qwen2_moe", {}, "plain"),
    "qwen3-moe": ("qwen3_moe", {}, "plain"),
    "qwen3-next": ("qwen3_next", {}, "plain"),
    "qwen3.5": ("qwen3_5_text", {}, "opens"),
    "gpt2": ("gpt2", {}, "plain"),
    "gpt-neox": ("gpt_neox", {}, "plain"),
    "gpt-bigcode": ("gpt_bigcode", {}, "plain"),
    "gpt-oss": ("gpt_oss", {}, "plain"),
    "gptj": ("gptj", {}, "plain"),
    "opt": ("opt", {}, "plain"),
    "bloom": ("bloom", {}, "plain"),
    "mpt": ("mpt", {}, "plain"),
    "falcon": ("falcon", {}, "plain"),
    "falcon-mamba": ("falcon_mamba", {}, "plain"),
    "falcon-h1": ("falcon_h1", dict(mamba_d_ssm=128), "plain"),
    "stablelm": ("stablelm", {}, "plain"),
    "starcoder2": ("starcoder2", {}, "plain"),
    "cohere": ("cohere", dict(logit_scale=1.0), "plain"),
    "cohere2": ("cohere2", dict(logit_scale=1.0), "plain"),
    "glm": ("glm", {}, "no-end"),
    "glm4": ("glm4", {}, "no-end"),
    "glm4-moe": ("glm4_moe", {}, "plain"),
    "exaone4": ("exaone4", {}, "plain"),
    "nemotron": ("nemotron", {}, "plain"),
    "nemotron-h": ("nemotron_h", {}, "plain"),
    "ernie4.5": ("ernie4_5", {}, "plain"),
    "hunyuan": ("hunyuan_v1_dense", {}, "answer-tags"),
    "seed-oss": ("seed_oss", {}, "plain"),
    "llama4": ("llama4_text", {}, "plain"),
    "bitnet": ("bitnet", {}, "plain"),
    "minimax": ("minimax", {}, "plain"),
    "deepseek-v2": ("deepseek_v2", LATENT, "plain"),
    "deepseek-v3": ("deepseek_v3", LATENT, "plain"),
    "minicpm3": ("minicpm3", LATENT, "plain"),
    "mamba": ("mamba", {}, "plain"),
    "mamba2": ("mamba2", dict(head_dim=32, n_groups=1, expand=2), "plain"),
    "bamba": ("bamba", dict(attn_layer_indices=[1]), "plain"),
    "jamba": ("jamba", dict(attn_layer_period=2, attn_layer_offset=1, expert_layer_period=2, expert_layer_offset=1), "plain"),
    "recurrent-gemma": ("recurrent_gemma", dict(block_types=["recurrent", "recurrent", "attention"]), "no-system"),
    "rwkv": ("rwkv", {}, "plain"),
    "fp16-in-parts": ("llama", {}, "plain"),
    "more-rows-than-tokens": ("qwen2", dict(more_rows=100), "plain"),
    "no-pad": ("llama", {}, "plain"),
}
# What a student must be refused for, by name: the type, the changes, the style, and what the refusal says.
REFUSED = {
    "no-template": ("llama", {}, "none", "no chat template"),
    "no-end-at-all": ("llama", {}, "unending", "ends a turn"),
    "says-nothing": ("llama", {}, "mute", "does not write what the assistant says"),
    "both-ways": ("bert", {}, "plain", "no causal language model"),
}

CHATML = (
    "{%- for m in messages -%}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}"
)
DATED = "{{ '<|im_start|>system\nToday Date: ' + strftime_now('%d %B %Y') + '<|im_end|>\n' }}"
THINKS = CHATML.replace(
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}",
    "{%- set c = m['content'] -%}{%- if m['role'] == 'assistant' -%}{%- set r = '' -%}{%- if '</think>' in c -%}"
    "{%- set r = c.split('</think>')[0].split('<think>')[-1].strip('\n') -%}{%- set c = c.split('</think>')[-1].lstrip('\n') -%}{%- endif -%}"
    "{%- set c = '<think>\n' + r + '\n</think>\n\n' + c -%}{%- endif -%}{{ '<|im_start|>' + m['role'] + '\n' + c + '<|im_end|>\n' }}",
).replace("{{ '<|im_start|>assistant\n' }}", "{{ '<|im_start|>assistant\n' }}{%- if enable_thinking is defined and not enable_thinking -%}{{ '<think>\n\n</think>\n\n' }}{%- endif -%}")
TEMPLATES = {
    "plain": CHATML,
    "base": CHATML,
    "dated": DATED + CHATML,
    "thinks": THINKS,
    "opens": THINKS.replace("{{ '<|im_start|>assistant\n' }}{%-", "{{ '<|im_start|>assistant\n<think>\n' }}{%-"),
    "opens-unclosed": "{%- for m in messages -%}{%- if m['role'] == 'assistant' -%}{{ '<|assistant|>' + m['content'].split('</think>')[-1] + '<|im_end|>' }}"
    "{%- else -%}{{ '<|' + m['role'] + '|>' + m['content'] }}{%- endif -%}{%- endfor -%}{%- if add_generation_prompt -%}{{ '<|assistant|><think>\n' }}{%- endif -%}",
    "llama": "{%- for m in messages -%}{{ '<|im_start|>' + m['role'] + '\n\n' + (m['content'] | trim) + '<|im_end|>' }}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n\n' }}{%- endif -%}",
    "instruct": "{%- for m in messages -%}{%- if m['role'] == 'assistant' -%}{{ ' ' + m['content'] + eos_token }}"
    "{%- elif m['role'] == 'user' -%}{{ '[INST] ' + m['content'] + '[/INST]' }}{%- endif -%}{%- endfor -%}",
    "no-system": "{%- if messages[0]['role'] == 'system' -%}{{ raise_exception('System role not supported') }}{%- endif -%}" + CHATML,
    "parts": CHATML.replace("m['content']", "m['content'][0]['text']"),
    "no-end": "{%- for m in messages -%}{{ '<|' + m['role'] + '|>\n' + m['content'] }}{%- endfor -%}{%- if add_generation_prompt -%}{{ '<|assistant|>\n' }}{%- endif -%}",
    "answer-tags": CHATML.replace("m['content'] +", "('<answer>\n' + m['content'] + '\n</answer>' if m['role'] == 'assistant' else m['content']) +"),
    "none": None,
    "unending": CHATML.replace("<|im_end|>", "[over]"),
    "mute": "{%- for m in messages -%}{%- if m['role'] == 'user' -%}{{ m['content'] }}{%- endif -%}{%- endfor -%}",
}


def make_tokenizer(style: str) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    text = [f"Name the capital, nothing else.\n{country}?\n\n{city}\nassistant user system\n think" for country, city in CAPITALS.items()] * 20
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(text, trainers.BpeTrainer(vocab_size=440, initial_alphabet=alphabet, show_progress=False))
    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    tokenizer.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in marks])
    tokenizer.add_tokens([AddedToken(mark, special=False, normalized=False) for mark in ("<think>", "</think>")])
    eos = {"base": "<|endoftext|>", "unending": None, "no-end": "<|endoftext|>"}.get(style, "<|im_end|>")
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=eos, pad_token="<|endoftext|>")
    fast.chat_template = TEMPLATES[style]
    return fast


def make_family(name: str, folder: Path) -> Path:
    """A student's folder. Its generation configuration never names the end that its template teaches."""
    kind, changes, style = (FAMILIES.get(name) or REFUSED[name])[:3]
    tokenizer = make_tokenizer(style)
    changes = dict(changes)
    more = changes.pop("more_rows", 0)
    ids = dict(bos_token_id=None, eos_token_id=tokenizer.convert_tokens_to_ids("<|endoftext|>"), pad_token_id=None if name == "no-pad" else tokenizer.pad_token_id)
    torch.manual_seed(7)
    if kind == "gemma3":
        model = AutoModelForImageTextToText.from_config(_with_images(len(tokenizer), ids))
    else:
        known = {*AutoConfig.for_model(kind).to_dict(), *getattr(type(AutoConfig.for_model(kind)), "attribute_map", {})}
        sizes = {key: value for key, value in {**SMALL, **changes}.items() if (key in known or key in changes) and value is not None}
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **{**sizes, "vocab_size": len(tokenizer) + more, **ids}))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(3)
        # Frozen when it is trained, so it must be able to say one token far louder than the others.
        model.get_output_embeddings().weight.normal_(std=0.5)
    model.generation_config = GenerationConfig(eos_token_id=ids["eos_token_id"], pad_token_id=tokenizer.pad_token_id)
    if name == "fp16-in-parts":
        model.half().save_pretrained(folder, max_shard_size="60KB")
    else:
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if name == "no-pad":
        tokenizer.pad_token = None
        tokenizer.save_pretrained(folder)
    return folder


def _with_images(vocabulary: int, ids: dict):
    text = dict(
        vocab_size=vocabulary, hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
        sliding_window=24, max_position_embeddings=512, query_pre_attn_scalar=16, **ids,
    )  # fmt: skip
    images = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=14)
    marks = dict(boi_token_index=1, eoi_token_index=2, image_token_index=3)
    return AutoConfig.for_model("gemma3", text_config=text, vision_config=images, mm_tokens_per_image=4, **marks)


if __name__ == "__main__":
    for each in sys.argv[2:] or [*FAMILIES, *REFUSED]:
        print(make_family(each, Path(sys.argv[1]) / each))
