"""python -m trl_runtime.train: one training, of the files in the working folder; see program.py."""

import json

from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback, set_seed
from trl import SFTConfig, SFTTrainer


class Steps(TrainerCallback):
    """Writes a line of JSON a step."""

    def on_log(self, args, state, control, logs=None, **more) -> None:
        if not state.is_world_process_zero or "loss" not in (logs or {}):
            return
        with open("steps.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps({"step": state.global_step, "steps": state.max_steps, "loss": logs["loss"]}) + "\n")


def main() -> None:
    with open("recipe.json", encoding="utf-8") as file:
        recipe = json.load(file)
    with open("rows.jsonl", encoding="utf-8") as file:
        rows = Dataset.from_list([json.loads(line) for line in file])
    arguments = recipe["arguments"]
    name, revision = recipe["student"], recipe["revision"]
    tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
    model = AutoModelForCausalLM.from_pretrained(name, revision=revision, dtype=recipe["dtype"])
    # The adapter is made before the trainer sets the seed.
    set_seed(arguments["seed"])
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            output_dir="output",
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            max_length=None,
            dataset_kwargs={"skip_prepare_dataset": True},
            **arguments,
        ),
        train_dataset=rows,
        processing_class=tokenizer,
        peft_config=LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM", **recipe["lora"]),
        callbacks=[Steps()],
    )
    result = trainer.train()
    trainer.save_model()
    trainer.save_metrics("train", result.metrics)


if __name__ == "__main__":
    main()
