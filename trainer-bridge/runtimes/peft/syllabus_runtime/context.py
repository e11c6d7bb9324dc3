"""How much a student reads at once."""

# What models call the most tokens that they have positions for.
NAMES = ("max_position_embeddings", "max_seq_len", "max_sequence_length", "seq_length", "n_positions", "n_ctx")


def context_of(config) -> int | None:
    """Tokens of a prompt and its reply at most; None where the configuration of a text model says nothing."""
    said = [getattr(config, name, None) for name in NAMES]
    return next((length for length in said if isinstance(length, int) and length > 0), None)
