"""TRL's SFTTrainer as a runtime: it trains."""
