"""Writes tiny-llama/ and tiny-qwen2/ (checkpoints as transformers saves them) and llama.safetensors (what they compute).

Weights are random also where training would start from zeros and ones, so that no mistake hides.
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

torch.set_num_threads(1)
HERE = Path(__file__).parent
EOS = 8
PAD = 22
sizes = dict(
    vocab_size=23, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=6,
    num_key_value_heads=2, max_position_embeddings=32, attn_implementation="eager", eos_token_id=EOS,
)


def build(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            is_norm = "norm" in name and name.endswith("weight")
            parameter.copy_((1 if is_norm else 0) + 0.4 * noise)
    return model.eval()


def save(model, folder):
    model.save_pretrained(HERE / folder)
    (HERE / folder / "generation_config.json").unlink()
    file = HERE / folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()), indent=2, sort_keys=True) + "\n")


def llama(**options):
    return build(LlamaForCausalLM(LlamaConfig(**sizes, head_dim=4, **options)), seed=56)


input_ids = torch.tensor([[3, 9, 14, 22, 0], [7, 7, 1, 20, 11]])
out = {"input_ids": input_ids}
masks = {"left": [[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]], "right": [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]}
models = {
    "llama": (llama(), ["lm_head.weight", "model.layers.0.self_attn.k_proj.weight"]),
    "qwen2": (
        build(Qwen2ForCausalLM(Qwen2Config(**sizes, tie_word_embeddings=True, rms_norm_eps=1e-5)), seed=5),
        ["model.embed_tokens.weight", "model.layers.0.self_attn.v_proj.bias"],
    ),
}
for kind, (model, trained) in models.items():
    save(model, f"tiny-{kind}")
    result = model(input_ids, labels=input_ids, output_hidden_states=True)
    result.loss.backward()
    out |= {f"{kind}.logits": result.logits, f"{kind}.loss": result.loss}
    out |= {f"{kind}.hidden_states.{i}": x for i, x in enumerate(result.hidden_states)}
    for name in [*trained, "model.norm.weight", "model.layers.0.input_layernorm.weight",
                 "model.layers.0.self_attn.q_proj.weight", "model.layers.1.self_attn.o_proj.weight",
                 "model.layers.1.mlp.gate_proj.weight", "model.layers.1.mlp.down_proj.weight"]:
        out[f"{kind}.grad.{name}"] = model.get_parameter(name).grad

    # Padding on the left and on the right, with positions counted over tokens.
    for side, mask in masks.items():
        mask = torch.tensor(mask)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        with torch.no_grad():
            out[f"{kind}.{side}.logits"] = model(input_ids, attention_mask=mask, position_ids=positions).logits
        out[f"{side}.attention_mask"] = mask

    # Generated tokens, without the prompt. In the second prompt the first two are padding.
    mask = torch.tensor([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]])
    out["prompt.attention_mask"] = mask
    for name, options in {
        "greedy": dict(eos_token_id=None),
        "greedy_eos": {},
        "beam": dict(num_beams=3),
        "beam_short": dict(num_beams=3, length_penalty=-1.0),
    }.items():
        options = dict(eos_token_id=EOS) | options
        ids = model.generate(
            input_ids, attention_mask=mask, max_new_tokens=12, do_sample=False, pad_token_id=PAD, **options
        )
        out[f"{kind}.generate.{name}"] = ids[:, 5:].contiguous()

# tiny-llama with other positions; and with biases wherever Llama may have them.
rope = {
    "theta": dict(rope_theta=50.0, rope_type="default"),
    "linear": dict(rope_theta=10000.0, rope_type="linear", factor=2.5),
    "llama3": dict(
        rope_theta=16.0, rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
        original_max_position_embeddings=40,
    ),
}
with torch.no_grad():
    for name, parameters in rope.items():
        out[f"{name}.logits"] = llama(rope_parameters=parameters)(input_ids).logits
    biased = llama(attention_bias=True, mlp_bias=True)
    out["biased.logits"] = biased(input_ids).logits
    out |= {f"biased.state.{name}": x.clone() for name, x in biased.state_dict().items()}

# Llama 3.1's frequencies.
config = LlamaConfig(
    hidden_size=4096, num_attention_heads=32, rope_parameters=rope["llama3"] | dict(
        rope_theta=500000.0, original_max_position_embeddings=8192
    ),
)
out["frequencies"] = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")[0]

save_file(
    {k: v.detach().contiguous() for k, v in out.items()},
    HERE / "llama.safetensors",
    metadata={"torch": torch.__version__, "transformers": transformers.__version__, "recipe": "llama.py"},
)
