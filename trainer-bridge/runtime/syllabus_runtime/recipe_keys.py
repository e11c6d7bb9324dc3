"""LLaMA-Factory's keys that this runtime has no use for and takes where they change nothing.

A key with another value would silently be another recipe, so it is refused by name. `schemas/recipe-keys.ts` says the same;
a test compares the two.
"""

import re

# By key, the values that say what is done here anyway; null is always one, as good as left out.
NEUTRAL: dict[str, list] = {
    "stage": ["sft"],
    "finetuning_type": ["lora"],
    "do_train": [True],
    "optim": ["adamw_torch", "adamw_torch_fused"],
    "optim_args": [""],
    "weight_decay": [0],
    "adam_beta1": [0.9],
    "adam_beta2": [0.999],
    "adam_epsilon": [1e-8],
    "label_smoothing_factor": [0],
    "neftune_noise_alpha": [0],
    "lr_scheduler_kwargs": [{}],
    "warmup_steps": [0],
    "max_steps": [-1],
    "fp16": [False],
    "pure_bf16": [False],
    "packing": [False],
    "neat_packing": [False],
    "train_on_prompt": [False],
    # A row is one turn, so there is no history to mask or to keep thoughts in.
    "mask_history": [True, False],
    "preserve_thinking": [True, False],
    "ignore_pad_token_for_loss": [True],
    "streaming": [False],
    "mix_strategy": ["concat"],
    "disable_shuffling": [False],
    "group_by_length": [False],
    "train_sampling_strategy": ["random"],
    "dataloader_drop_last": [False],
    "val_size": [0],
    "max_samples": [],
    "early_stopping_steps": [],
    "load_best_model_at_end": [False],
    "auto_find_batch_size": [False],
    "average_tokens_across_devices": [True, False],
    "lora_bias": ["none"],
    "additional_target": [],
    "module_dropout": [0],
    "create_new_adapter": [True, False],
    "loraplus_lr_ratio": [],
    "use_rslora": [False],
    "use_dora": [False],
    "pissa_init": [False],
    "use_galore": [False],
    "use_apollo": [False],
    "use_badam": [False],
    "use_muon": [False],
    "use_adam_mini": [False],
    "use_llama_pro": [False],
    "use_dft_loss": [False],
    "use_asft_loss": [False],
    "use_eaft_loss": [False],
    "moe_aux_loss_coef": [0],
    "mixture_of_depths": [],
    "rope_scaling": [],
    "shift_attn": [False],
    "quantization_bit": [],
    "train_from_scratch": [False],
    "resize_vocab": [False],
    "split_special_tokens": [False],
    "freeze_vision_tower": [True],
    "freeze_multi_modal_projector": [True],
    "freeze_language_model": [False],
}
# Keys of how a training runs, logs and saves, with any value.
IDLE = (
    r"^(model_name_or_path|model_revision|trust_remote_code|cache_dir|use_fast_tokenizer|low_cpu_mem_usage|do_eval|do_predict|deepspeed"
    r"|dataset|dataset_dir|eval_dataset|media_dir|template|output_dir|run_name|overwrite_.*|logging_.*|log_.*|save_.*|plot_loss|report_to"
    r"|ddp_.*|fsdp.*|preprocessing_.*|dataloader_(num_workers|pin_memory|persistent_workers|prefetch_factor)|resume_from_checkpoint|eval_.*"
    r"|per_device_eval_batch_size|flash_attn|gradient_checkpointing.*|disable_gradient_checkpointing|use_reentrant_gc|use_unsloth_gc"
    r"|enable_liger_kernel|use_liger_kernel|torch_compile.*|tf32|use_cpu|upcast_layernorm|upcast_lmhead_output|print_param_status"
    r"|include_num_input_tokens_seen|include_effective_tokens_per_second|disable_tqdm|remove_unused_columns|push_to_hub|hub_.*|use_swanlab"
    r"|predict_with_generate|compute_accuracy)$"
)


def is_without_effect(key: str, value) -> bool:
    if re.match(IDLE, key):
        return True
    if key not in NEUTRAL:
        return False
    return value is None or any(value == same and isinstance(value, bool) == isinstance(same, bool) for same in NEUTRAL[key])
