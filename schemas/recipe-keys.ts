import { isOfComputing } from './runtime-recipe-keys.ts'

/**
 * LLaMA-Factory's keys that a training has no use for. They are taken out of a recipe where it is read, if they change nothing. A key with
 * another value would silently be another recipe, so it is refused by name. A runtime sees none of them, but for those of how a training
 * is computed that some runtime can use.
 */

/** By key, the values that say what is done here anyway; null is always one, as good as left out. */
export const neutralRecipeKeys: Readonly<Record<string, readonly unknown[]>> = {
  stage: ['sft'],
  finetuning_type: ['lora'],
  do_train: [true],
  optim: ['adamw_torch', 'adamw_torch_fused'],
  optim_args: [''],
  weight_decay: [0],
  adam_beta1: [0.9],
  adam_beta2: [0.999],
  adam_epsilon: [1e-8],
  label_smoothing_factor: [0],
  neftune_noise_alpha: [0],
  lr_scheduler_kwargs: [{}],
  warmup_steps: [0],
  max_steps: [-1],
  fp16: [false],
  pure_bf16: [false],
  packing: [false],
  neat_packing: [false],
  train_on_prompt: [false],
  // A row is one turn, so there is no history to mask or to keep thoughts in.
  mask_history: [true, false],
  preserve_thinking: [true, false],
  ignore_pad_token_for_loss: [true],
  streaming: [false],
  mix_strategy: ['concat'],
  disable_shuffling: [false],
  group_by_length: [false],
  train_sampling_strategy: ['random'],
  dataloader_drop_last: [false],
  val_size: [0],
  max_samples: [],
  early_stopping_steps: [],
  load_best_model_at_end: [false],
  auto_find_batch_size: [false],
  average_tokens_across_devices: [true, false],
  lora_bias: ['none'],
  additional_target: [],
  module_dropout: [0],
  create_new_adapter: [true, false],
  loraplus_lr_ratio: [],
  use_rslora: [false],
  use_dora: [false],
  pissa_init: [false],
  use_galore: [false],
  use_apollo: [false],
  use_badam: [false],
  use_muon: [false],
  use_adam_mini: [false],
  use_llama_pro: [false],
  use_dft_loss: [false],
  use_asft_loss: [false],
  use_eaft_loss: [false],
  moe_aux_loss_coef: [0],
  mixture_of_depths: [],
  rope_scaling: [],
  shift_attn: [false],
  quantization_bit: [],
  train_from_scratch: [false],
  resize_vocab: [false],
  split_special_tokens: [false],
  freeze_vision_tower: [true],
  freeze_multi_modal_projector: [true],
  freeze_language_model: [false],
}

/** Keys of how a training runs, logs and saves, with any value. */
const idleRecipeKeys = new RegExp(
  '^(model_name_or_path|model_revision|trust_remote_code|cache_dir|use_fast_tokenizer|low_cpu_mem_usage|do_eval|do_predict|deepspeed' +
    '|dataset|dataset_dir|eval_dataset|media_dir|template|output_dir|run_name|overwrite_.*|logging_.*|log_.*|save_.*|plot_loss|report_to' +
    '|ddp_.*|fsdp.*|preprocessing_.*|dataloader_(num_workers|pin_memory|persistent_workers|prefetch_factor)|resume_from_checkpoint|eval_.*' +
    '|per_device_eval_batch_size|flash_attn|gradient_checkpointing.*|disable_gradient_checkpointing|use_reentrant_gc|use_unsloth_gc' +
    '|enable_liger_kernel|use_liger_kernel|torch_compile.*|tf32|use_cpu|upcast_layernorm|upcast_lmhead_output|print_param_status' +
    '|include_num_input_tokens_seen|include_effective_tokens_per_second|disable_tqdm|remove_unused_columns|push_to_hub|hub_.*|use_swanlab' +
    '|predict_with_generate|compute_accuracy)$',
)

/** Whether a key, with this value, changes nothing of what is learnt. */
export function isWithoutEffect(key: string, value: unknown): boolean {
  if (idleRecipeKeys.test(key)) return true
  const same = neutralRecipeKeys[key]
  return same !== undefined && (value === null || same.some((each) => JSON.stringify(each) === JSON.stringify(value)))
}

/**
 * A recipe as a file writes it, made ready for its schema: without the keys that change nothing, and with the `lora_alpha` that
 * LLaMA-Factory takes where none is written, twice the rank. What is no object is left to the schema.
 */
export function readyRecipe(written: unknown): unknown {
  if (written === null || typeof written !== 'object' || Array.isArray(written)) return written
  const keys = Object.fromEntries(
    Object.entries(written).filter(([key, value]) => isOfComputing(key, value) || !isWithoutEffect(key, value)),
  )
  const { lora_alpha: alpha = null, ...others } = keys
  if (alpha !== null) return keys
  return typeof others.lora_rank === 'number' ? { ...others, lora_alpha: 2 * others.lora_rank } : others
}
