"""Writes tiny-dalle-mini/ (config.json and flax_model.msgpack, as DALL-E mini is published) and dalle_mini.safetensors
(what the model computes and generates).

The network is written here in flax from the published code, https://github.com/borisdayma/dalle-mini, in the
configuration of mini-1 and mega-1; flax itself names and stacks the weights.
"""

import json
from functools import partial
from pathlib import Path

import flax
import jax
import jax.numpy as jnp
import numpy as np
import torch
from flax import linen as nn
from flax import serialization
from safetensors.torch import save_file

HERE = Path(__file__).parent
FOLDER = HERE / "tiny-dalle-mini"
FOLDER.mkdir(exist_ok=True)

# Like mega-1's, the image's vocabulary is longer than there are codes: the start token follows those.
CONFIG = {
    "model_type": "dallebart",
    "architectures": ["eBart"],
    "activation_function": "gelu",
    "d_model": 12,
    "encoder_layers": 2,
    "encoder_attention_heads": 3,
    "encoder_ffn_dim": 10,
    "encoder_vocab_size": 19,
    "decoder_layers": 3,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 14,
    "image_vocab_size": 13,
    "image_length": 9,
    "max_text_length": 7,
    "decoder_start_token_id": 11,
    "dropout": 0.0,
    "force_ln_scale": False,
    "ln_positions": "normformer",
    "ln_type": "layernorm",
    "scale_embedding": False,
    "sinkhorn_iters": 1,
    "tie_word_embeddings": False,
    "use_absolute_position_embeddings": True,
    "use_alibi": False,
    "use_bias": False,
    "use_cosine_attention": False,
    "use_deepnet_scaling": False,
    "use_final_ln_decoder": True,
    "use_final_ln_encoder": True,
    "use_glu": True,
    "use_head_scale": False,
    "use_scan": True,
    "use_swin_position_embeddings": False,
}
C = CONFIG
START, CODES = C["decoder_start_token_id"], C["decoder_start_token_id"]
FIRST, PAD, LAST = 0, 1, 2  # of texts

Dense = partial(nn.Dense, use_bias=False)
Scaled = partial(nn.LayerNorm, epsilon=1e-5)
Shifted = partial(nn.LayerNorm, epsilon=1e-5, use_scale=False)


class FlaxBartAttention(nn.Module):
    heads: int

    @nn.compact
    def __call__(self, x, source, mask):
        split = lambda x: x.reshape(*x.shape[:2], self.heads, -1)
        q, k, v = (
            split(Dense(C["d_model"], name=f"{name}_proj")(of)) for name, of in [("q", x), ("k", source), ("v", source)]
        )
        scores = jnp.einsum("bqhd,bkhd->bhqk", q / q.shape[-1] ** 0.5, k)
        weights = jax.nn.softmax(jnp.where(mask, scores, -jnp.inf))
        mixed = jnp.einsum("bhqk,bkhd->bqhd", weights, v).reshape(x.shape)
        return Dense(C["d_model"], name="out_proj")(mixed)


class GLU(nn.Module):
    size: int

    @nn.compact
    def __call__(self, x):
        x = Shifted(name="LayerNorm_0")(x)
        gate = nn.gelu(Dense(self.size, name="Dense_0")(x), approximate=False)
        x = Shifted(name="LayerNorm_1")(gate * Dense(self.size, name="Dense_1")(x))
        return Dense(C["d_model"], name="Dense_2")(x)


class EncoderLayer(nn.Module):
    @nn.compact
    def __call__(self, x, mask):
        h = Shifted(name="LayerNorm_0")(x)
        h = FlaxBartAttention(C["encoder_attention_heads"], name="FlaxBartAttention_0")(h, h, mask)
        x = x + Scaled(name="LayerNorm_1")(h)
        return x + GLU(C["encoder_ffn_dim"], name="GLU_0")(x), None


class DecoderLayer(nn.Module):
    @nn.compact
    def __call__(self, x, causal, source, mask):
        h = Shifted(name="LayerNorm_0")(x)
        h = FlaxBartAttention(C["decoder_attention_heads"], name="FlaxBartAttention_0")(h, h, causal)
        x = x + Scaled(name="LayerNorm_1")(h)
        h = Shifted(name="LayerNorm_2")(x)
        h = FlaxBartAttention(C["decoder_attention_heads"], name="FlaxBartAttention_1")(h, source, mask)
        x = x + Scaled(name="LayerNorm_3")(h)
        return x + GLU(C["decoder_ffn_dim"], name="GLU_0")(x), None


class Layers(nn.Module):
    layer: type
    name_of_all: str
    count: int

    @nn.compact
    def __call__(self, x, *inputs):
        scan = nn.scan(
            self.layer, variable_axes={"params": 0}, split_rngs={"params": True}, in_axes=(nn.broadcast,) * len(inputs),
            length=self.count,
        )
        return scan(name=self.name_of_all)(x, *inputs)[0]


class Side(nn.Module):
    vocabulary: int
    length: int
    layers_of: tuple

    @nn.compact
    def __call__(self, ids, *inputs):
        x = nn.Embed(self.vocabulary, C["d_model"], name="embed_tokens")(ids)
        x += nn.Embed(self.length, C["d_model"], name="embed_positions")(jnp.arange(ids.shape[1]))[None]
        x = Scaled(name="layernorm_embedding")(x)
        x = Layers(*self.layers_of, name="layers")(x, *inputs)
        return Shifted(name="final_ln")(x)


class Model(nn.Module):
    @nn.compact
    def __call__(self, text_ids, text_mask, image_inputs):
        mask = text_mask[:, None, None, :] > 0
        encoder = Side(
            C["encoder_vocab_size"], C["max_text_length"], (EncoderLayer, "FlaxBartEncoderLayers", C["encoder_layers"]),
            name="encoder",
        )
        source = encoder(text_ids, mask)
        length = image_inputs.shape[1]
        causal = jnp.tril(jnp.ones((length, length), bool))[None, None]
        decoder = Side(
            C["image_vocab_size"] + 1, C["image_length"], (DecoderLayer, "FlaxBartDecoderLayers", C["decoder_layers"]),
            name="decoder",
        )
        return source, decoder(image_inputs, causal, source, mask)


class Whole(nn.Module):
    @nn.compact
    def __call__(self, text_ids, text_mask, image_inputs):
        source, x = Model(name="model")(text_ids, text_mask, image_inputs)
        return source, Dense(C["image_vocab_size"] + 1, name="lm_head")(x)


texts = np.array([[FIRST, 7, 12, 5, LAST, PAD, PAD], [FIRST, 18, 3, 3, 9, 10, LAST]])
null = np.full_like(texts, PAD)
null[:, :2] = [FIRST, LAST]
images = np.array([[4, 0, 10, 5, 5, 1, 3, 8, 2], [9, 2, 2, 7, 10, 3, 0, 6, 6]])
started = lambda images: np.concatenate([np.full((2, 1), START), images], 1)[:, : C["image_length"]]

model = Whole()
shapes = jax.eval_shape(model.init, jax.random.PRNGKey(0), texts, texts != PAD, started(images))["params"]
rng = np.random.default_rng(7)


def random(path, leaf):
    noise = rng.standard_normal(leaf.shape).astype(np.float32)
    return 1 + 0.3 * noise if path[-1].key == "scale" else 0.5 * noise


params = jax.tree_util.tree_map_with_path(random, shapes)
(FOLDER / "flax_model.msgpack").write_bytes(serialization.msgpack_serialize(params))
(FOLDER / "config.json").write_text(json.dumps(CONFIG, indent=2, sort_keys=True) + "\n")


def apply(texts, images, params=params):
    return model.apply({"params": params}, texts, texts != PAD, started(images))


source, logits = apply(texts, images)
out = {
    "text_ids": texts,
    "attention_mask": (texts != PAD).astype(np.int32),
    "image_ids": images,
    "encoder": source,
    "image_logits": logits[:, :, :CODES],
}


def loss(params):
    log_p = jax.nn.log_softmax(apply(texts, images, params)[1][:, :, :CODES])
    return -jnp.take_along_axis(log_p, images[:, :, None], 2).mean()


out["loss"], gradients = jax.value_and_grad(loss)(params)
for path in [
    "lm_head.kernel",
    "model.encoder.embed_positions.embedding",
    "model.encoder.layers.FlaxBartEncoderLayers.FlaxBartAttention_0.k_proj.kernel",
    "model.encoder.final_ln.bias",
    "model.decoder.layers.FlaxBartDecoderLayers.FlaxBartAttention_1.v_proj.kernel",
    "model.decoder.layers.FlaxBartDecoderLayers.GLU_0.Dense_1.kernel",
    "model.decoder.layers.FlaxBartDecoderLayers.GLU_0.LayerNorm_1.bias",
    "model.decoder.layers.FlaxBartDecoderLayers.LayerNorm_3.scale",
]:
    gradient = gradients
    for key in path.split("."):
        gradient = gradient[key]
    out[f"grad.{path}"] = gradient


def greedy(scale):
    """The likeliest tokens, guided by the empty text ("super conditioning")."""
    tokens = np.zeros((2, 0), int)
    while tokens.shape[1] < C["image_length"]:
        place = tokens.shape[1]
        conditional, free = (np.asarray(apply(given, tokens)[1][:, place, :CODES]) for given in (texts, null))
        tokens = np.concatenate([tokens, (free + scale * (conditional - free)).argmax(-1)[:, None]], 1)
    return tokens


out["greedy"] = greedy(1)
out["greedy_guided"] = greedy(3)

save_file(
    {k: torch.tensor(np.asarray(v)).contiguous() for k, v in out.items()},
    HERE / "dalle_mini.safetensors",
    metadata={"flax": flax.__version__, "jax": jax.__version__, "recipe": "dalle_mini.py"},
)
