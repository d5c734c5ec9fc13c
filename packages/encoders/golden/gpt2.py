"""Writes tiny-gpt2/ (a checkpoint as transformers saves it) and gpt2.safetensors (what it computes and generates).

Weights are random also where training would start from zeros and ones, so that no mistake hides.
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.generation.logits_process import (
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

torch.set_num_threads(1)
HERE = Path(__file__).parent
EOS = 0
PAD = 21

model = GPT2LMHeadModel(
    GPT2Config(
        vocab_size=23, n_positions=19, n_embd=24, n_layer=2, n_head=3, n_inner=20, bos_token_id=8, eos_token_id=EOS,
        attn_implementation="eager",
    )
).eval()
generator = torch.Generator().manual_seed(46)
with torch.no_grad():
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        scale = 0.1 if name.endswith("ln_f.bias") else 0.4  # with more, one token is always the likeliest
        parameter.copy_((1 if ".ln_" in name and name.endswith("weight") else 0) + scale * noise)
model.save_pretrained(HERE / "tiny-gpt2")
(HERE / "tiny-gpt2" / "generation_config.json").unlink()
config_file = HERE / "tiny-gpt2" / "config.json"
config_file.write_text(json.dumps(json.loads(config_file.read_text()), indent=2, sort_keys=True) + "\n")

input_ids = torch.tensor([[3, 9, 14, 22, 0], [7, 7, 1, 20, 11]])
out = {"input_ids": input_ids}
result = model(input_ids, labels=input_ids, output_hidden_states=True)
result.loss.backward()
out |= {"logits": result.logits, "loss": result.loss}
out |= {f"hidden_states.{i}": x for i, x in enumerate(result.hidden_states)}
for name in ["transformer.wte.weight", "transformer.wpe.weight", "transformer.ln_f.weight",
             "transformer.h.0.attn.c_attn.weight", "transformer.h.0.attn.c_attn.bias",
             "transformer.h.1.attn.c_proj.weight", "transformer.h.1.mlp.c_fc.weight"]:
    out[f"grad.{name}"] = model.get_parameter(name).grad

# Padding on the left and on the right, with positions counted over tokens.
for side, mask in {"left": [[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]], "right": [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]}.items():
    mask = torch.tensor(mask)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    with torch.no_grad():
        out[f"{side}.logits"] = model(input_ids, attention_mask=mask, position_ids=positions).logits
    out[f"{side}.attention_mask"] = mask

# Generated tokens, without the prompt. In the second prompt the first two are padding.
mask = torch.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]])
out["prompt.attention_mask"] = mask
searches = {
    "greedy": {},
    "greedy_eos": dict(eos_token_id=EOS),
    "penalty": dict(repetition_penalty=1.7),
    "beam": dict(num_beams=3),
    "beam_eos": dict(num_beams=3, eos_token_id=EOS),
    "beam_short": dict(num_beams=3, eos_token_id=EOS, length_penalty=-1.0),
    "beam_long": dict(num_beams=4, eos_token_id=[EOS, 1], length_penalty=2.0),
    "beam_penalty": dict(num_beams=3, eos_token_id=EOS, repetition_penalty=1.3),
}
for name, options in searches.items():
    options = dict(eos_token_id=None) | options
    # The processor of repetitions would count padding as a token: no mask there.
    given = dict() if "repetition_penalty" in options else dict(attention_mask=mask)
    ids = model.generate(
        input_ids, max_new_tokens=12, do_sample=False, pad_token_id=PAD, **given, **options
    )
    out[f"generate.{name}"] = ids[:, 5:].contiguous()

# What is left to draw from.
scores = 3 * torch.randn(1, 50, generator=generator)
out["sampling.logits"] = scores
for name, warpers in {
    "temperature": [TemperatureLogitsWarper(0.7)],
    "top_k": [TopKLogitsWarper(6)],
    "top_p": [TopPLogitsWarper(0.8)],
    "all": [TemperatureLogitsWarper(1.6), TopKLogitsWarper(9), TopPLogitsWarper(0.75)],
}.items():
    warped = scores
    for warper in warpers:
        warped = warper(None, warped)
    out[f"sampling.{name}"] = warped.softmax(-1)
out["penalty.ids"] = torch.tensor([[1, 2, 3, 2, 49]])
out["penalty.logits"] = RepetitionPenaltyLogitsProcessor(1.4)(out["penalty.ids"], scores.clone())

save_file(
    {k: v.detach().contiguous() for k, v in out.items()},
    HERE / "gpt2.safetensors",
    metadata={"torch": torch.__version__, "transformers": transformers.__version__, "recipe": "gpt2.py"},
)
