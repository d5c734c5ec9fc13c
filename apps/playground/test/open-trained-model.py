"""Opens a model downloaded from the page in transformers, and compares its features with those that ours gave.

    python open-trained-model.py <folder of the unzipped model> <expected.safetensors>

The second file holds pixel_values [n, height, width, 3], image_features [n, dim] and, for TEXTS, text_features.
"""

import sys

import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer, CLIPImageProcessor, CLIPModel

TEXTS = ["a RED apple!", "grinning face, smile", "红苹果", "", "one, two -- three"]

folder, expected_file = sys.argv[1:]
expected = load_file(expected_file)
model, report = CLIPModel.from_pretrained(folder, output_loading_info=True)
assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")), report
model = model.eval()
processor = CLIPImageProcessor.from_pretrained(folder)
assert processor.size["shortest_edge"] == model.config.vision_config.image_size
tokens = AutoTokenizer.from_pretrained(folder)(TEXTS, padding=True, return_tensors="pt")
pixels = expected["pixel_values"].permute(0, 3, 1, 2).contiguous()
with torch.no_grad():
    output = model(
        input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"], pixel_values=pixels
    )
for name, ours, theirs in (
    ("images", expected["image_features"], output.image_embeds),
    ("texts", expected["text_features"], output.text_embeds),
):
    difference = (ours - theirs).abs().max().item()
    print(f"{name}: {tuple(theirs.shape)}, largest difference {difference:.2e}")
    assert difference < 1e-4, name
