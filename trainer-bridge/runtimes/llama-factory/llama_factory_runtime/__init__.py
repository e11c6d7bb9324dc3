"""LLaMA-Factory as a runtime: it trains; the recipe goes to it as its own YAML."""
