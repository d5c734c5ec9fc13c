"""Writes tiny-bert/ (BertModel), tiny-bert-mlm/ (BertForMaskedLM) and bert.safetensors (what they compute)."""

import torch
import torch.nn.functional as F
from tiny_encoders import randomise, save_folder, save_golden
from transformers import BertConfig, BertForMaskedLM, BertModel

sizes = dict(
    vocab_size=17, hidden_size=12, intermediate_size=20, num_hidden_layers=3, num_attention_heads=2,
    max_position_embeddings=7, type_vocab_size=3, pad_token_id=0, attn_implementation="eager",
)
# The last text has the padding token where nothing masks it: its embedding gets no gradient even so.
input_ids = torch.tensor([[2, 5, 6, 3, 0, 0], [2, 7, 16, 0, 10, 3]])
attention_mask = torch.tensor([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]])
token_type_ids = torch.tensor([[0, 0, 1, 1, 0, 0], [0, 2, 2, 1, 1, 1]])
out = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}

model = randomise(BertModel(BertConfig(**sizes)))
save_folder(model, "tiny-bert")
with torch.no_grad():
    result = model(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids, output_hidden_states=True)
    out |= {
        "last_hidden_state": result.last_hidden_state,
        "pooler_output": result.pooler_output,
        "hidden_states": result.hidden_states,
        "plain.pooler_output": model(input_ids).pooler_output,  # no padding, all tokens of type 0
    }

masked = randomise(BertForMaskedLM(BertConfig(**sizes, hidden_act="gelu_new")), seed=3)
save_folder(masked, "tiny-bert-mlm")
logits = masked(input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).logits
target = torch.tensor([[1, 4, 6, 8, 11, 12], [16, 15, 14, 13, 2, 0]])
weight = attention_mask.flatten().float()
loss = (F.cross_entropy(logits.flatten(0, 1), target.flatten(), reduction="none") * weight).sum() / weight.sum()
loss.backward()
predictions = masked.cls.predictions
out |= {
    "mlm.logits": logits,
    "mlm.target": target.int(),
    "mlm.loss": loss,
    "grad.word_embeddings": masked.bert.embeddings.word_embeddings.weight.grad,
    "grad.token_type_embeddings": masked.bert.embeddings.token_type_embeddings.weight.grad,
    "grad.key": masked.bert.encoder.layer[1].attention.self.key.weight.grad,
    "grad.norm": masked.bert.encoder.layer[0].attention.output.LayerNorm.weight.grad,
    "grad.bias": predictions.bias.grad,
    "grad.transform": predictions.transform.dense.weight.grad,
}
save_golden(out, "bert")
