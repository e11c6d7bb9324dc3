"""What another process needs to count a row's tokens as a training will: the tokenizer's files, and what stands around a row's texts."""

from pathlib import Path

from .chat import encode_row, render_row
from .chat_settings import ChatSettings
from .rows import Row

# In place of a row's text: of the private use area, so that no template writes it, trims it or reads it.
MARK = "\ue000"


def token_frame(tokenizer, system: str, probe: str, out: Path, settings: ChatSettings = ChatSettings()) -> dict:
    """The texts before and after a row's input and its output, and the tokens of a row that is `probe` twice; or why there is none."""
    prompt, reply = (text.split(MARK) for text in render_row(tokenizer, Row("frame", "", MARK, MARK), system, settings))
    if len(prompt) != 2 or len(reply) != 2:
        return {"unusable": "its chat template does not write each text once"}
    tokenizer.save_pretrained(out)
    if not (out / "tokenizer.json").is_file():
        return {"unusable": "its tokenizer has no tokenizer.json"}
    probe_tokens = encode_row(tokenizer, Row("probe", "", probe, probe), system, settings).tokens
    return {"tokenizer": str(out), "prompt": prompt, "reply": reply, "probe_tokens": probe_tokens}
