"""Vectors of texts: what a batch holds beside a text changes nothing, and a folder without a model is named."""

import json

import pytest
import torch

from syllabus_runtime.embedding import embed
from syllabus_runtime.errors import CancelToken, RequestError

TEXTS = ["Five boxes at 2.50 each.", "Six boxes at 3.10 each.", "The river froze in January.", "a", "long " * 200, ""]


def vectors(folder, texts, out):
    result = embed(str(folder), texts, out, CancelToken())
    return result, torch.tensor([json.loads(line)["vector"] for line in out.read_text().splitlines()])


def test_a_text_has_one_vector_of_length_one_whatever_is_beside_it(student_folder, tmp_path):
    result, together = vectors(student_folder, TEXTS, tmp_path / "v.jsonl")
    assert (result["count"], result["dimensions"]) == (6, 32)
    alone = torch.cat([vectors(student_folder, [text], tmp_path / "a.jsonl")[1] for text in TEXTS])
    assert torch.allclose(together, alone, atol=1e-4)
    assert torch.allclose(together.norm(dim=1), torch.ones(6), atol=1e-4)


def test_it_is_the_mean_of_the_last_states(student_folder, tokenizer, tmp_path):
    from transformers import AutoModel

    model = AutoModel.from_pretrained(student_folder, dtype=torch.float32)
    with torch.inference_mode():
        states = model(torch.tensor([tokenizer(TEXTS[0]).input_ids])).last_hidden_state[0].mean(dim=0)
    expected = torch.nn.functional.normalize(states, dim=0)
    assert torch.allclose(vectors(student_folder, TEXTS, tmp_path / "v.jsonl")[1][0], expected, atol=1e-4)


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(RequestError, match="no config.json"):
        embed(str(tmp_path), ["a"], tmp_path / "v.jsonl", CancelToken())
