"""Writes tiny-bert/ and tiny-vit/ (published files with those of their processors), samples/ (pictures) and
analyzer.safetensors: what a whole analyzer makes of texts and pictures in PyTorch, with its gradients."""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
import transformers
from PIL import Image
from safetensors.torch import save_file
from transformers import BertConfig, BertModel, BertTokenizer, ViTConfig, ViTModel
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

torch.set_num_threads(1)
HERE = Path(__file__).parent
WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] good bad great awful movie the a and not very . ! \u597d \u574f \u7247 \u5f88 ##s".split()
TEXTS = ["The movie is good!", "\u5f88\u597d", "a very bad movie and not good", ""]
PICTURES = [(17, 11), (9, 14), None, (8, 8)]  # the third sample has no picture, the last no text
LABELS = torch.tensor([2, 1, 0, 2])
SCORES = torch.tensor([0.7, 0.2, -0.9, 1.3])

generator = torch.Generator().manual_seed(5)
randn = lambda *shape: torch.randn(*shape, generator=generator)


def randomise(model, std=0.3):
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            is_norm_weight = "norm" in name.lower() and name.endswith("weight")
            parameter.copy_((1 if is_norm_weight else 0) + std * randn(*parameter.shape))
    return model.eval()


def write(folder, files):
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content, indent=2, sort_keys=True) + "\n"
        (HERE / folder / name).write_text(text)


def save(model, folder, files):
    model.save_pretrained(HERE / folder)
    write(folder, {"config.json": json.loads((HERE / folder / "config.json").read_text()), **files})


bert = randomise(BertModel(BertConfig(
    vocab_size=len(WORDS), hidden_size=12, intermediate_size=20, num_hidden_layers=3, num_attention_heads=2,
    max_position_embeddings=16, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, attn_implementation="eager",
)))
vit = randomise(ViTModel(ViTConfig(
    hidden_size=10, intermediate_size=14, num_hidden_layers=2, num_attention_heads=2, image_size=8, patch_size=4,
    attn_implementation="eager",
)))
image_config = {
    "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5],
    "image_processor_type": "ViTImageProcessor", "resample": 2, "rescale_factor": 1 / 255, "size": {"height": 8, "width": 8},
}
save(bert, "tiny-bert", {
    "vocab.txt": "\n".join(WORDS) + "\n",
    "tokenizer_config.json": {"do_lower_case": True, "tokenizer_class": "BertTokenizer"},
})
save(vit, "tiny-vit", {"preprocessor_config.json": image_config})

# Inputs, from words and pictures.
tokenizer = BertTokenizer(str(HERE / "tiny-bert" / "vocab.txt"), do_lower_case=True)
rows = tokenizer(TEXTS, return_tensors="pt", padding=True)
attention_mask = rows["attention_mask"] * torch.tensor([[1], [1], [1], [0]])
(HERE / "samples").mkdir(exist_ok=True)
pictures = []
for i, size in enumerate(PICTURES):
    if size is None:
        continue
    pixels = torch.randint(0, 256, (size[1], size[0], 3), generator=generator, dtype=torch.uint8)
    pictures.append(Image.fromarray(pixels.numpy()))
    pictures[-1].save(HERE / "samples" / f"{i}.png")
prepared = ViTImageProcessorPil(**image_config)(pictures, return_tensors="pt")["pixel_values"]
pixel_values = torch.stack([prepared[0], prepared[1], torch.zeros(3, 8, 8), prepared[2]])
image_mask = torch.tensor([1.0, 1.0, 0.0, 1.0])
out = {
    "input_ids": rows["input_ids"], "attention_mask": attention_mask,
    "pixel_values": pixel_values.permute(0, 2, 3, 1), "image_mask": image_mask,
    "labels": LABELS.int(), "scores": SCORES,
}


def mean(states, mask):
    return (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)


def run(name, parameters, fuse, task, class_weights=None):
    """Runs towers, fusion and classifier forward and backward, and stores what comes of it."""
    parameters = {k: (0.4 * randn(*shape)).requires_grad_() for k, shape in parameters.items()}
    bert.zero_grad()
    vit.zero_grad()
    text = bert(rows["input_ids"], attention_mask=attention_mask)
    image = vit(pixel_values)
    fused = fuse(parameters, text, image)
    logits = F.linear(fused, parameters["classifier.weight"], parameters["classifier.bias"])
    if task == "classification":
        loss = F.cross_entropy(logits, LABELS, weight=class_weights)
    else:
        loss = F.mse_loss(logits[:, 0], SCORES)
    loss.backward()
    out.update({f"{name}.weights.{k}": v for k, v in parameters.items()})
    out.update({f"{name}.grad.{k}": v.grad for k, v in parameters.items()})
    out.update({
        f"{name}.logits": logits, f"{name}.loss": loss,
        f"{name}.grad.text_encoder.embeddings.word_embeddings.weight": bert.embeddings.word_embeddings.weight.grad,
        f"{name}.grad.text_encoder.encoder.layer.1.attention.self.key.weight": bert.encoder.layer[1].attention.self.key.weight.grad,
        f"{name}.grad.vision_encoder.embeddings.patch_embeddings.projection.weight": vit.embeddings.patch_embeddings.projection.weight.grad,
        f"{name}.grad.vision_encoder.encoder.layer.0.intermediate.dense.weight": vit.layers[0].mlp.fc1.weight.grad,
    })


there = {"text": torch.tensor([[1.0], [1.0], [1.0], [0.0]]), "image": image_mask[:, None]}


def concat(p, text, image):
    """Means of tokens and of patches, one after the other, and an MLP."""
    joined = torch.cat([
        mean(text.last_hidden_state, attention_mask.float()),
        mean(image.last_hidden_state, image_mask[:, None].expand(-1, image.last_hidden_state.shape[1])),
    ], 1)
    hidden = F.gelu(F.linear(joined, p["fusion.fc1.weight"], p["fusion.fc1.bias"]))
    return F.linear(hidden, p["fusion.fc2.weight"], p["fusion.fc2.bias"])


def concat_pooled(p, text, image):
    """The same of the poolers' vectors."""
    joined = torch.cat([text.pooler_output * there["text"], image.pooler_output * there["image"]], 1)
    hidden = F.gelu(F.linear(joined, p["fusion.fc1.weight"], p["fusion.fc1.bias"]))
    return F.linear(hidden, p["fusion.fc2.weight"], p["fusion.fc2.bias"])


def sizes(outputs):
    return {
        "fusion.fc1.weight": (7, 22), "fusion.fc1.bias": (7,), "fusion.fc2.weight": (6, 7), "fusion.fc2.bias": (6,),
        "classifier.weight": (outputs, 6), "classifier.bias": (outputs,),
    }


run("sequence", sizes(3), concat, "classification", torch.tensor([0.5, 2.0, 1.0]))
run("pooled", sizes(1), concat_pooled, "regression")

versions = {"torch": torch.__version__, "transformers": transformers.__version__, "recipe": "analyzer.py"}
save_file({k: v.detach().contiguous().clone() for k, v in out.items()}, HERE / "analyzer.safetensors", metadata=versions)
