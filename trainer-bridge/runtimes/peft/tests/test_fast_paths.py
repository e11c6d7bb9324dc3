"""Each fast path against the plain path that it stands in for, and the switch that turns all of them off."""

import json

import pytest
import torch
from conftest import make_rows, recipe_fields
from family_students import make_family
from peft import LoraConfig, get_peft_model
from transformers import DynamicCache

from syllabus_runtime import decoding
from syllabus_runtime.chat import encode_question, encode_row
from syllabus_runtime.check import check_student
from syllabus_runtime.chat_settings import ChatSettings
from syllabus_runtime.errors import CancelToken, RequestError
from syllabus_runtime.fast import SWITCH
from syllabus_runtime.fast.attention import grouped_attention
from syllabus_runtime.fast.kv_slab import BLOCK, slab_cache, slab_cache_from
from syllabus_runtime.fast.lora_linear import FusedLoraLinear, use_fused_forward
from syllabus_runtime.fast.prefix import prefill_prefix, spread
from syllabus_runtime.inference import infer, parse_inference
from syllabus_runtime.lora import put_on
from syllabus_runtime.recipe import parse_recipe
from syllabus_runtime.rows import Question, Row, read_rows
from syllabus_runtime.student import StudentCache
from syllabus_runtime.training import passes, summed_loss, train

# Two whose beginning is shared and one with sliding windows, beside the tiny Llama of the other tests; positions as biases; states.
FAMILIES = ["gemma3", "bloom", "granite4-hybrid"]
ROWS = [Row(**row) for row in make_rows(9)]
QUESTIONS = [Question(row.id, row.instruction, row.input, ()) for row in ROWS]


def silent(**_):
    pass


@pytest.fixture(scope="module", params=["tiny", *FAMILIES])
def both(request, student_folder, tmp_path_factory):
    """The same student with the fast paths on and off, in float32."""
    folder = student_folder if request.param == "tiny" else make_family(request.param, tmp_path_factory.mktemp("family") / request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(SWITCH, raising=False)
        fast = StudentCache().get(str(folder), None, bf16=False)
        patch.setenv(SWITCH, "off")
        plain = StudentCache().get(str(folder), None, bf16=False)
    return fast, plain


def trained(student, dataset, out, **changes):
    recipe = parse_recipe(recipe_fields(num_train_epochs=2, **changes))
    return train(student, read_rows(dataset), recipe, 0, out, silent, CancelToken())


def test_prompts_that_are_read_in_parts_have_the_logits_of_one_reading(both, monkeypatch):
    fast, _ = both
    asked = [encode_question(fast.tokenizer, question, "Be brief.") for question in QUESTIONS]
    for prompts in (asked, [prompt[at:] for at, prompt in enumerate(asked)]):
        fast.prepare(max(map(len, prompts)) + 3)
        seen = []
        for most in (10_000, 40, 1):
            monkeypatch.setattr(decoding, "READ_TOKENS", {"cpu": most})
            with torch.inference_mode():
                batch = decoding.begin(fast, fast.can.way, prompts)
                batch.keep(torch.tensor([0, 2, 5, 8]))
                batch.step(torch.tensor([5, 6, 7, 8]))
            seen.append(batch.logits)
        torch.testing.assert_close(seen[1], seen[0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(seen[2], seen[0], rtol=1e-4, atol=1e-5)


def replies(student, out, adapter=None):
    infer(student, adapter, QUESTIONS, "Be brief.", parse_inference({"max_new_tokens": 12}), out, silent, CancelToken())
    return [json.loads(line) for line in out.read_text().splitlines()]


def weights_of(adapter):
    from safetensors.torch import load_file

    return load_file(f"{adapter}/adapter_model.safetensors")


def test_off_leaves_transformers_and_pefts_own_ways(both):
    fast, plain = both
    assert fast.can.fused_lora and (fast.can.grouped or fast.can.way.cache != "slab")
    assert not (plain.can.grouped or plain.can.shares_prefix or plain.can.fused_lora) and plain.can.way.cache in ("own", "none")
    plain.prepare(10)
    assert plain.model.config._attn_implementation == plain.can.own_attention == fast.can.own_attention


def test_off_trains_through_pefts_own_forward(both, dataset, tmp_path, monkeypatch):
    fused = []
    apply = FusedLoraLinear.apply
    monkeypatch.setattr(FusedLoraLinear, "apply", lambda *given: fused.append(1) or apply(*given))
    fast, plain = both
    adapter = trained(plain, dataset, tmp_path)["adapter"]
    replies(plain, tmp_path / "p.jsonl", adapter)
    assert not fused
    trained(fast, dataset, tmp_path / "fast")
    assert fused


def test_on_and_off_have_the_same_loss(both):
    losses = []
    for student in both:
        examples = [encode_row(student.tokenizer, row, "Be brief.") for row in ROWS]
        student.prepare(max(example.tokens for example in examples))
        with torch.no_grad():
            put_on(student, None)
            losses.append(sum(summed_loss(student, part, True).item() for part in passes(student, examples)))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_on_and_off_train_the_same_adapter(both, dataset, tmp_path):
    fast, plain = (trained(student, dataset, tmp_path / str(at)) for at, student in enumerate(both))
    assert [loss for _, loss in fast["loss_curve"]] == pytest.approx([loss for _, loss in plain["loss_curve"]], rel=1e-3)
    one, other = weights_of(fast["adapter"]), weights_of(plain["adapter"])
    assert one.keys() == other.keys()
    for name in one:
        # Steps of AdamW are as long for a gradient of rounding errors as for any other: compared as a whole, not weight by weight.
        assert (one[name] - other[name]).norm() <= 0.02 * other[name].norm(), name


def test_on_and_off_give_the_same_replies(both, dataset, tmp_path):
    fast, plain = both
    adapter = trained(fast, dataset, tmp_path)["adapter"]
    for worn in (None, adapter):
        assert replies(fast, tmp_path / "fast.jsonl", worn) == replies(plain, tmp_path / "plain.jsonl", worn)


def test_the_check_names_the_switch(student_folder, monkeypatch):
    for value, on in (("off", False), ("on", True), ("", True)):
        monkeypatch.setenv(SWITCH, value)
        found = check_student(StudentCache().get(str(student_folder), None, bf16=False), "", ChatSettings())
        assert found["fast_paths"] is on
        assert (found["attention"] == "grouped") is on and found["decoding"].startswith("slab" if on else "own")


def test_another_value_of_the_switch_is_refused(student_folder, monkeypatch):
    monkeypatch.setenv(SWITCH, "no")
    with pytest.raises(RequestError, match="SYLLABUS_FAST_PATHS is 'no'; set it to on or off") as caught:
        StudentCache().get(str(student_folder), None, bf16=False)
    assert caught.value.kind == "bad_request"


def causal(n, m):
    """Additive, (1, 1, n, m): row i sees the m - n columns before and itself."""
    seen = torch.arange(m)[None, :] <= torch.arange(n)[:, None] + (m - n)
    return torch.where(seen, 0.0, torch.finfo(torch.float32).min)[None, None]


@pytest.mark.parametrize(("heads", "key_heads"), [(4, 4), (8, 2), (6, 1)])
@pytest.mark.parametrize(("n", "m"), [(7, 7), (1, 9), (3, 12)])
@pytest.mark.parametrize("scaling", [None, 0.3])
def test_grouped_attention_is_torchs_own(heads, key_heads, n, m, scaling):
    torch.manual_seed(heads * 100 + n)
    query, key = torch.randn(3, heads, n, 8, requires_grad=True), torch.randn(3, key_heads, m, 8, requires_grad=True)
    value = torch.randn(3, key_heads, m, 5, requires_grad=True)
    mask = causal(n, m)
    got, _ = grouped_attention(None, query, key, value, mask, scaling)
    own = torch.nn.functional.scaled_dot_product_attention(query, key, value, mask, scale=scaling, enable_gqa=True).transpose(1, 2)
    torch.testing.assert_close(got, own, rtol=1e-5, atol=1e-6)
    weight = torch.randn_like(own)
    for one, other in zip(torch.autograd.grad((got * weight).sum(), (query, key, value)), torch.autograd.grad((own * weight).sum(), (query, key, value))):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_a_slab_holds_what_a_dynamic_cache_holds():
    torch.manual_seed(0)
    slab, own = slab_cache(), DynamicCache()
    for width, rows in ((5, 4), (1, 4), (1, 3), (2, 3)):
        if rows != 4 and own.layers[0].keys.shape[0] == 4:
            for cache in (slab, own):
                cache.reorder_cache(torch.tensor([0, 2, 3]))
        for layer in range(2):
            keys, values = torch.randn(rows, 2, width, 8), torch.randn(rows, 2, width, 6)
            for one, other in zip(slab.update(keys, values, layer), own.update(keys, values, layer)):
                assert torch.equal(one, other)
        assert slab.get_seq_length() == own.get_seq_length()


def test_attention_over_a_slabs_whole_blocks_is_that_over_its_columns():
    torch.manual_seed(0)
    whole, exact = slab_cache(whole_blocks=True), slab_cache()
    for width in (13, 1, 1, 1, 1, 20):
        keys, values, query = torch.randn(3, 2, width, 8), torch.randn(3, 2, width, 8), torch.randn(3, 4, width, 8)
        seen = [grouped_attention(None, query, *cache.update(keys, values, 0), causal(width, cache.get_seq_length()))[0] for cache in (whole, exact)]
        torch.testing.assert_close(*seen, rtol=1e-6, atol=1e-6)
        assert whole.get_seq_length() == exact.get_seq_length()
        assert whole.layers[0].keys.is_contiguous() and whole.layers[0].keys.shape[2] % BLOCK == 0


def test_a_slab_begins_with_a_prefix_where_each_row_has_it():
    prefix = DynamicCache()
    keys, values = torch.randn(1, 2, 4, 8), torch.randn(1, 2, 4, 8)
    prefix.update(keys, values, 0)
    slab = slab_cache_from(prefix, [(0, 4), (2, 2)], 4)
    seen, _ = slab.update(torch.ones(2, 2, 1, 8), torch.ones(2, 2, 1, 8), 0)
    assert torch.equal(seen[0, :, :4], keys[0]) and torch.equal(seen[1, :, 2:4], keys[0, :, :2])
    assert not seen[1, :, :2].any() and seen[:, :, 4].eq(1).all()


def test_a_prefix_read_once_gives_the_logits_of_whole_rows(both):
    fast, _ = both
    if not fast.can.shares_prefix:
        pytest.skip("the student keeps states, not tokens")
    prompts = [encode_question(fast.tokenizer, question, "Be brief.") for question in QUESTIONS[:3]]
    shared = prompts[0][:10]
    rests = torch.tensor([prompt[10:15] for prompt in prompts])
    fast.prepare(20)
    with torch.no_grad():
        cache = prefill_prefix(fast, shared)
        spread(cache, 3)
        at = torch.arange(15)
        got = fast.logits(at, input_ids=rests, cache=cache).view(3, 5, -1)
        for row in range(3):
            torch.testing.assert_close(got[row], fast.alone([*shared, *rests[row].tolist()])[10:], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("alpha", [4, 17.5])
def test_a_fused_layer_is_pefts_own(bias, alpha):
    torch.manual_seed(1)
    layer = torch.nn.Sequential(torch.nn.Linear(12, 9, bias=bias))
    layer.requires_grad_(False)
    tuned = get_peft_model(layer, LoraConfig(r=3, lora_alpha=alpha, target_modules=["0"], init_lora_weights=False))
    module = tuned.base_model.model[0]
    x = torch.randn(2, 5, 12, requires_grad=True)
    weight = torch.randn(2, 5, 9)
    wanted = (x, module.lora_A["default"].weight, module.lora_B["default"].weight)
    own = module(x)
    expected = torch.autograd.grad((own * weight).sum(), wanted)
    use_fused_forward(module)
    got = module(x)
    torch.testing.assert_close(got, own)
    for one, other in zip(torch.autograd.grad((got * weight).sum(), wanted), expected):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
