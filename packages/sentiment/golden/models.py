"""Values and gradients of published sentiment models, written from their papers, for packages/sentiment/src/models.

A model NAME holds its state dict NAME.state.KEY, its outputs NAME.OUTPUT, losses NAME.loss (what the gradients are of)
and NAME.loss.PART, and gradients NAME.grad.KEY. All see the inputs text, audio, vision with masks mask.text ..., and
targets. Dropout is off. Run: python packages/sentiment/golden/models.py
"""

import json
import math
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F
import transformers
from safetensors.torch import save_file
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from transformers import BertConfig, BertModel

torch.set_num_threads(1)
HERE = Path(__file__).parent
tensors: dict[str, torch.Tensor] = {}
generator = torch.Generator().manual_seed(6)


def rand(*shape):
    return torch.randn(*shape, generator=generator)


BATCH, DIMS, LENGTHS = 4, {"text": 5, "audio": 3, "vision": 4}, {"text": 6, "audio": 8, "vision": 7}
REAL = {"text": [6, 4, 1, 5], "audio": [3, 8, 7, 5], "vision": [7, 2, 6, 4]}
masks = {m: (torch.arange(LENGTHS[m])[None] < torch.tensor(REAL[m])[:, None]).float() for m in DIMS}
inputs = {m: rand(BATCH, LENGTHS[m], DIMS[m]) * masks[m][..., None] for m in DIMS}
targets = torch.tensor([1.5, -2.0, 0.5, -0.7])
tensors |= {**inputs, **{f"mask.{m}": x for m, x in masks.items()}, "targets": targets}


def shake(module):
    """Random values everywhere, so that no mistake hides."""
    with torch.no_grad():
        for name, x in sorted([*module.named_parameters(), *module.named_buffers()]):
            if not x.is_floating_point():
                continue
            if name.endswith("running_var"):
                x.copy_(0.5 + torch.rand(x.shape, generator=generator))
            else:
                x.copy_((1 if x.dim() == 1 and name.endswith("weight") else 0) + 0.4 * rand(*x.shape))
    return module.eval()


def record(name, module, outputs, loss, parts=None):
    module.zero_grad()
    loss.backward()
    for key, x in module.state_dict().items():
        tensors[f"{name}.state.{key}"] = x
    for key, x in {**outputs, "loss": loss, **{f"loss.{k}": v for k, v in (parts or {}).items()}}.items():
        tensors[f"{name}.{key}"] = x
    for key, parameter in module.named_parameters():
        assert parameter.grad is not None, key
        tensors[f"{name}.grad.{key}"] = parameter.grad


def per_modality(prefix, values):
    return {f"{prefix}.{m}": x for m, x in values.items()}


class Subnet(nn.Module):
    def __init__(self, size, hidden_size):
        super().__init__()
        self.norm = nn.BatchNorm1d(size)
        self.linear_1 = nn.Linear(size, hidden_size)
        self.linear_2 = nn.Linear(hidden_size, hidden_size)
        self.linear_3 = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, mask):
        mean = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return F.relu(self.linear_3(F.relu(self.linear_2(F.relu(self.linear_1(self.norm(mean)))))))


class LSTMSubnet(nn.Module):
    def __init__(self, size, hidden_size, out_size):
        super().__init__()
        self.rnn = nn.LSTM(size, hidden_size, batch_first=True)
        self.linear_1 = nn.Linear(hidden_size, out_size)

    def forward(self, x, mask):
        packed = pack_padded_sequence(x, mask.sum(1).long(), batch_first=True, enforce_sorted=False)
        return self.linear_1(self.rnn(packed)[1][0].squeeze(0))


class Subnets(nn.Module):
    """The three of TFN and LMF: text 2 from an LSTM of 6, audio 3, vision 4."""

    def __init__(self):
        super().__init__()
        self.text_subnet = LSTMSubnet(DIMS["text"], 6, 2)
        self.audio_subnet = Subnet(DIMS["audio"], 3)
        self.video_subnet = Subnet(DIMS["vision"], 4)

    def features(self):
        nets = {"text": self.text_subnet, "audio": self.audio_subnet, "vision": self.video_subnet}
        return {m: net(inputs[m], masks[m]) for m, net in nets.items()}


def with_one(z):
    return torch.cat([torch.ones(BATCH, 1), z], 1)


class TFN(Subnets):
    def __init__(self):
        super().__init__()
        self.post_fusion_layer_1 = nn.Linear(3 * 4 * 5, 7)
        self.post_fusion_layer_2 = nn.Linear(7, 7)
        self.post_fusion_layer_3 = nn.Linear(7, 1)

    def forward(self):
        z = self.features()
        fused = torch.einsum("ba,bv,bt->bavt", *(with_one(z[m]) for m in ["audio", "vision", "text"])).reshape(BATCH, -1)
        y = self.post_fusion_layer_3(F.relu(self.post_fusion_layer_2(F.relu(self.post_fusion_layer_1(fused)))))
        return y, z, fused


model = shake(TFN())
y, z, fused = model()
prediction = torch.sigmoid(y) * 6 - 3
record("tfn", model, {"prediction": prediction, "fused": fused, **per_modality("features", z)},
       (prediction[:, 0] - targets).abs().mean())


class LMF(Subnets):
    """Factors as linear layers, the rank and the output as one axis; the paper's are [rank, in + 1, out]."""

    RANK, OUT = 3, 2

    def __init__(self):
        super().__init__()
        self.fusion = nn.Module()
        self.fusion.factors = nn.Module()
        for m, size in {"text": 2, "audio": 3, "vision": 4}.items():
            setattr(self.fusion.factors, m, nn.Linear(size, self.RANK * self.OUT))
        self.fusion.bias = nn.Parameter(torch.zeros(self.OUT))

    def forward(self):
        z = self.features()
        product = torch.ones(self.RANK, BATCH, self.OUT)
        for m in DIMS:
            layer = getattr(self.fusion.factors, m)
            factor = torch.cat([layer.bias[:, None], layer.weight], 1)  # [rank * out, in + 1]
            factor = factor.reshape(self.RANK, self.OUT, -1).transpose(1, 2)  # [rank, in + 1, out]
            product = product * (with_one(z[m]) @ factor)
        weights = torch.ones(1, self.RANK)  # the paper's weights of the ranks are within the factors
        return (weights @ product.permute(1, 0, 2)).squeeze(1) + self.fusion.bias, z


model = shake(LMF())
prediction, z = model()
classes = torch.tensor([1, 0, 1, 1])
tensors["classes"] = classes.int()
record("lmf", model, {"prediction": prediction, **per_modality("features", z)}, F.cross_entropy(prediction, classes))


class Attention(nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.heads = heads
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(size, size) for _ in range(4))

    def forward(self, x, source, bias=0):
        split = lambda y: y.reshape(*y.shape[:2], self.heads, -1).transpose(1, 2)
        q, k, v = split(self.q_proj(x)), split(self.k_proj(source)), split(self.v_proj(source))
        weights = (q @ k.transpose(2, 3) / math.sqrt(q.shape[-1]) + bias).softmax(-1)
        return self.out_proj((weights @ v).transpose(1, 2).reshape(x.shape))


class CrossModalLayer(nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.self_attn = Attention(size, heads)
        self.fc1 = nn.Linear(size, 4 * size)
        self.fc2 = nn.Linear(4 * size, size)
        self.layer_norms = nn.ModuleList([nn.LayerNorm(size) for _ in range(2)])

    def forward(self, x, source, bias):
        source = x if source is None else source
        x = x + self.self_attn(self.layer_norms[0](x), self.layer_norms[0](source), bias)
        return x + self.fc2(F.relu(self.fc1(self.layer_norms[1](x))))


def sinusoids(x):
    """tensor2tensor's positions, from 1: all sines, then all cosines."""
    length, size = x.shape[1:]
    half = size // 2
    angles = torch.arange(1, length + 1)[:, None] * torch.exp(torch.arange(half) * -(math.log(10000) / (half - 1)))
    return F.pad(torch.cat([angles.sin(), angles.cos()], 1), (0, size % 2))


class CrossModal(nn.Module):
    def __init__(self, size, heads, layers):
        super().__init__()
        self.layers = nn.ModuleList([CrossModalLayer(size, heads) for _ in range(layers)])
        self.layer_norm = nn.LayerNorm(size)

    def forward(self, x, source=None):
        embed = lambda y: math.sqrt(y.shape[-1]) * y + sinusoids(y)
        keys = (x if source is None else source).shape[1]
        bias = torch.full((x.shape[1], keys), -math.inf).triu(1 + abs(keys - x.shape[1]))
        y, source = embed(x), None if source is None else embed(source)
        for layer in self.layers:
            y = layer(y, source, bias)
        return self.layer_norm(y)


class MulT(nn.Module):
    SIZE, HEADS, LAYERS = 4, 2, 2

    def __init__(self):
        super().__init__()
        size = self.SIZE
        for letter, dim, kernel in [("l", DIMS["text"], 2), ("a", DIMS["audio"], 3), ("v", DIMS["vision"], 1)]:
            setattr(self, f"proj_{letter}", nn.Conv1d(dim, size, kernel, bias=False))
            for other in "lav".replace(letter, ""):
                setattr(self, f"trans_{letter}_with_{other}", CrossModal(size, self.HEADS, self.LAYERS))
            setattr(self, f"trans_{letter}_mem", CrossModal(2 * size, self.HEADS, max(3, self.LAYERS)))
        self.proj1 = nn.Linear(6 * size, 6 * size)
        self.proj2 = nn.Linear(6 * size, 6 * size)
        self.out_layer = nn.Linear(6 * size, 1)

    def forward(self, text, audio, vision):
        given = {"l": text, "a": audio, "v": vision}
        x = {k: getattr(self, f"proj_{k}")(y.transpose(1, 2)).transpose(1, 2) for k, y in given.items()}
        last = {}
        for letter, others in [("l", "av"), ("a", "lv"), ("v", "la")]:
            informed = torch.cat([getattr(self, f"trans_{letter}_with_{o}")(x[letter], x[o]) for o in others], 2)
            last[letter] = getattr(self, f"trans_{letter}_mem")(informed)[:, -1]
        h = torch.cat([last["l"], last["a"], last["v"]], 1)
        features = {"text": last["l"], "audio": last["a"], "vision": last["v"]}
        return self.out_layer(h + self.proj2(F.relu(self.proj1(h)))), features


# Without padding: one sample at a time, of its own lengths, as the authors' code masks nothing.
model = shake(MulT())
results = [model(*(inputs[m][i : i + 1, : REAL[m][i]] for m in DIMS)) for i in [0, 1, 3]]
prediction = torch.cat([y for y, _ in results])
features = {m: torch.cat([f[m] for _, f in results]) for m in DIMS}
record("mult", model, {"prediction": prediction, **per_modality("features", features)},
       (prediction[:, 0] - targets[[0, 1, 3]]).abs().mean())


class FusionTransformer(nn.Module):
    """A layer of nn.TransformerEncoder (checked below), its projections apart."""

    def __init__(self, size, heads, hidden_size):
        super().__init__()
        layer = nn.Module()
        layer.self_attn = Attention(size, heads)
        layer.linear1, layer.linear2 = nn.Linear(size, hidden_size), nn.Linear(hidden_size, size)
        layer.norm1, layer.norm2 = nn.LayerNorm(size), nn.LayerNorm(size)
        self.layers = nn.ModuleList([layer])

    def forward(self, x):
        layer = self.layers[0]
        x = layer.norm1(x + layer.self_attn(x, x))
        return layer.norm2(x + layer.linear2(F.relu(layer.linear1(x))))

    def as_torch(self, size, heads, hidden_size):
        layer, state = nn.TransformerEncoderLayer(size, heads, hidden_size, batch_first=True), self.layers[0].state_dict()
        for kind in ["weight", "bias"]:
            state[f"self_attn.in_proj_{kind}"] = torch.cat([state.pop(f"self_attn.{p}_proj.{kind}") for p in "qkv"])
        layer.load_state_dict(state)
        return layer.eval()


class MISA(nn.Module):
    SIZE, HEADS, MLP = 6, 2, 10

    def __init__(self):
        super().__init__()
        size = self.SIZE
        for k, dim, layer in [("t", DIMS["text"], 1), ("v", DIMS["vision"], 1), ("a", DIMS["audio"], 3)]:
            setattr(self, f"{k}rnn1", nn.LSTM(dim, dim, bidirectional=True, batch_first=True))
            setattr(self, f"{k}rnn2", nn.LSTM(2 * dim, dim, bidirectional=True, batch_first=True))
            setattr(self, f"{k}layer_norm", nn.LayerNorm(2 * dim))
            names = {f"project_{k}": nn.Linear(4 * dim, size), "activation": nn.ReLU(), f"project_{k}_layer_norm": nn.LayerNorm(size)}
            project = nn.Sequential()
            for name, module in names.items():
                project.add_module(name, module)
            setattr(self, f"project_{k}", project)
            for kind, name in [("private", f"private_{k}_{layer}"), ("recon", f"recon_{k}_1")]:
                sequential = nn.Sequential()
                sequential.add_module(name, nn.Linear(size, size))
                setattr(self, f"{kind}_{k}", sequential)
        self.shared = nn.Sequential()
        self.shared.add_module("shared_1", nn.Linear(size, size))
        self.fusion = nn.Sequential()
        self.fusion.add_module("fusion_layer_1", nn.Linear(6 * size, 3 * size))
        self.fusion.add_module("activation", nn.ReLU())
        self.fusion.add_module("fusion_layer_3", nn.Linear(3 * size, 1))
        self.transformer_encoder = FusionTransformer(size, self.HEADS, self.MLP)

    def utterance(self, k, x, mask):
        pack = lambda y: pack_padded_sequence(y, mask.sum(1).long(), batch_first=True, enforce_sorted=False)
        packed, (h1, _) = getattr(self, f"{k}rnn1")(pack(x))
        normed = getattr(self, f"{k}layer_norm")(pad_packed_sequence(packed, batch_first=True)[0])
        _, (h2, _) = getattr(self, f"{k}rnn2")(pack(normed))
        return torch.cat((h1, h2), 2).permute(1, 0, 2).reshape(BATCH, -1)

    def forward(self):
        letters = {"text": "t", "vision": "v", "audio": "a"}
        of = lambda name, x: {m: getattr(self, f"{name}_{k}")(x[m]) for m, k in letters.items()}
        projected = of("project", {m: self.utterance(k, inputs[m], masks[m]) for m, k in letters.items()})
        private = {m: x.sigmoid() for m, x in of("private", projected).items()}
        shared = {m: self.shared(x).sigmoid() for m, x in projected.items()}
        recon = of("recon", {m: private[m] + shared[m] for m in letters})
        order = [*(private[m] for m in letters), *(shared[m] for m in letters)]
        stacked = torch.stack(order, 1)
        mixed = self.transformer_encoder(stacked)
        reference = self.transformer_encoder.as_torch(self.SIZE, self.HEADS, self.MLP)(stacked)
        assert torch.allclose(mixed, reference, atol=1e-5)
        return self.fusion(mixed.reshape(BATCH, -1)), projected, private, shared, recon


def cmd(a, b):
    distance = lambda x, y: (x - y).pow(2).sum().sqrt()
    ca, cb = a - a.mean(0), b - b.mean(0)
    return distance(a.mean(0), b.mean(0)) + sum(distance((ca**k).mean(0), (cb**k).mean(0)) for k in range(2, 6))


def diff(a, b):
    unit = lambda x: (x - x.mean(0)) / ((x - x.mean(0)).norm(dim=1, keepdim=True).detach() + 1e-6)
    return (unit(a).T @ unit(b)).pow(2).mean()


model = shake(MISA())
prediction, projected, private, shared, recon = model()
pairs = [("text", "vision"), ("text", "audio"), ("audio", "vision")]
parts = {
    "task": F.mse_loss(prediction[:, 0], targets),
    "similarity": sum(cmd(shared[a], shared[b]) for a, b in pairs) / 3,
    "difference": sum(diff(private[m], shared[m]) for m in DIMS) + sum(diff(private[a], private[b]) for a, b in pairs),
    "reconstruction": sum(F.mse_loss(recon[m], projected[m]) for m in DIMS) / 3,
}
loss = parts["task"] + 0.8 * parts["similarity"] + 0.3 * parts["difference"] + 0.7 * parts["reconstruction"]
outputs = {"projected": projected, "private": private, "shared": shared, "reconstructed": recon}
record("misa", model, {"prediction": prediction, **{k: v for n, x in outputs.items() for k, v in per_modality(n, x).items()}},
       loss, parts)

bert_config = BertConfig(
    vocab_size=15, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=11,
    max_position_embeddings=9, type_vocab_size=2, attn_implementation="eager",
)
keep = ["vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
        "max_position_embeddings", "type_vocab_size", "hidden_act", "layer_norm_eps", "hidden_dropout_prob", "model_type"]
(HERE / "models_bert.json").write_text(json.dumps({k: bert_config.to_dict()[k] for k in keep}, indent=2) + "\n")
input_ids = torch.randint(1, 15, (BATCH, LENGTHS["text"]), generator=generator) * masks["text"].long()
tensors["input_ids"] = input_ids.int()
aligned = {m: rand(BATCH, LENGTHS["text"], DIMS[m]) * masks["text"][..., None] for m in ["audio", "vision"]}
aligned["audio"][1, 2] = 0
tensors |= {f"aligned.{m}": x for m, x in aligned.items()}


class MAG(nn.Module):
    def __init__(self, text, audio, vision, beta):
        super().__init__()
        self.W_hv, self.W_ha = nn.Linear(vision + text, text), nn.Linear(audio + text, text)
        self.W_v, self.W_a = nn.Linear(vision, text), nn.Linear(audio, text)
        self.LayerNorm = nn.LayerNorm(text)
        self.beta = beta

    def forward(self, z, a, v):
        h = F.relu(self.W_hv(torch.cat([v, z], -1))) * self.W_v(v) + F.relu(self.W_ha(torch.cat([a, z], -1))) * self.W_a(a)
        h_norm = h.norm(dim=-1)
        h_norm = torch.where(h_norm == 0, torch.ones_like(h_norm), h_norm)
        alpha = torch.clamp(z.norm(dim=-1) / (h_norm + 1e-6) * self.beta, max=1)
        return self.LayerNorm(z + alpha[..., None] * h)


class MAGBert(nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = BertModel(bert_config)
        self.bert.MAG = MAG(8, DIMS["audio"], DIMS["vision"], 0.7)
        self.classifier = nn.Linear(8, 1)

    def forward(self):
        embedded = self.bert.MAG(self.bert.embeddings(input_ids), aligned["audio"], aligned["vision"])
        bias = (1 - masks["text"])[:, None, None, :] * torch.finfo(torch.float32).min
        hidden = self.bert.encoder(embedded, attention_mask=bias).last_hidden_state
        pooled = self.bert.pooler(hidden)
        return self.classifier(pooled), pooled, hidden


model = shake(MAGBert())
prediction, pooled, hidden = model()
record("mag_bert", model, {"prediction": prediction, "pooled": pooled, "hidden": hidden}, F.mse_loss(prediction[:, 0], targets))


class SelfMM(nn.Module):
    HEADS = {"fusion": 7, "text": 5, "audio": 4, "vision": 6}

    def __init__(self, bert):
        super().__init__()
        sizes = {"text": 8 if bert else 4, "audio": 2, "vision": 3}
        self.text_model = BertModel(bert_config, add_pooling_layer=False) if bert else LSTMSubnet(DIMS["text"], 6, 4)
        self.audio_model = LSTMSubnet(DIMS["audio"], 4, 2)
        self.video_model = LSTMSubnet(DIMS["vision"], 5, 3)
        for task, hidden in self.HEADS.items():
            name = f"post_{'video' if task == 'vision' else task}_layer"
            setattr(self, f"{name}_1", nn.Linear(sizes.get(task, sum(sizes.values())), hidden))
            setattr(self, f"{name}_2", nn.Linear(hidden, hidden))
            setattr(self, f"{name}_3", nn.Linear(hidden, 1))

    def forward(self):
        if isinstance(self.text_model, BertModel):
            text = self.text_model(input_ids, attention_mask=masks["text"].long()).last_hidden_state[:, 0]
        else:
            text = self.text_model(inputs["text"], masks["text"])
        x = {"text": text, "audio": self.audio_model(inputs["audio"], masks["audio"]),
             "vision": self.video_model(inputs["vision"], masks["vision"])}
        x["fusion"] = torch.cat([x["text"], x["audio"], x["vision"]], 1)
        scores, features = {}, {}
        for task in self.HEADS:
            name = f"post_{'video' if task == 'vision' else task}_layer"
            features[task] = F.relu(getattr(self, f"{name}_1")(x[task]))
            scores[task] = getattr(self, f"{name}_3")(F.relu(getattr(self, f"{name}_2")(features[task])))
        return scores, features


def weighted(scores, labels):
    """labels: of each task."""
    alone = [((labels[m] - labels["fusion"]).abs().tanh() * (scores[m][:, 0] - labels[m]).abs()).mean() for m in DIMS]
    return (scores["fusion"][:, 0] - labels["fusion"]).abs().mean() + sum(alone)


class Labels:
    """Yu et al. 2021, algorithm 1, with the centres of the authors' code."""

    def __init__(self, labels, sizes, greatest):
        self.labels = {task: labels.clone() for task in sizes}
        self.features = {task: torch.zeros(len(labels), size) for task, size in sizes.items()}
        self.centres = {task: (torch.zeros(size), torch.zeros(size)) for task, size in sizes.items()}
        self.greatest = greatest

    def update(self, features, indexes, epoch):
        def delta(task):
            positive, negative = ((features[task] - c).norm(dim=-1) for c in self.centres[task])
            return (negative - positive) / (positive + 1e-8)

        y, fused = self.labels["fusion"][indexes], delta("fusion")
        for m in DIMS if epoch > 1 else []:
            new = 0.5 * delta(m) / (fused + 1e-8) * y + 0.5 * (y + delta(m) - fused)
            new = new.clamp(-self.greatest, self.greatest)
            self.labels[m][indexes] = (epoch - 1) / (epoch + 1) * self.labels[m][indexes] + 2 / (epoch + 1) * new
        for task, x in features.items():
            self.features[task][indexes] = x
            y = self.labels[task]
            self.centres[task] = tuple(self.features[task][chosen].mean(0) for chosen in [y > 0, y < 0])


sizes = SelfMM.HEADS
labels = Labels(torch.tensor([1.0, -2.0, 0.0, 2.5, -0.5, -1.5]), sizes, 2.5)
tensors["ulgm.start"] = labels.labels["fusion"].clone()
tensors["ulgm.indexes"] = torch.tensor([4, 0, 2, 3, 1, 5]).reshape(2, 3).int()
for step in range(6):  # three epochs of two batches
    features = {task: rand(3, size) for task, size in sizes.items()}
    labels.update(features, tensors["ulgm.indexes"][step % 2].long(), step // 2 + 1)
    for task in sizes:
        tensors[f"ulgm.{step}.feature.{task}"] = features[task]
        tensors[f"ulgm.{step}.label.{task}"] = labels.labels[task].clone()
for task in sizes:
    tensors[f"ulgm.positive.{task}"], tensors[f"ulgm.negative.{task}"] = labels.centres[task]

made = {task: targets + (0 if task == "fusion" else 0.8 * rand(BATCH)) for task in sizes}
for task, x in made.items():
    tensors[f"labels.{task}"] = x
for name, bert in [("self_mm", False), ("self_mm_bert", True)]:
    model = shake(SelfMM(bert))
    scores, features = model()
    outputs = {"prediction": scores["fusion"], **{f"unimodal.{m}": scores[m] for m in DIMS},
               **{f"features.{task}": x for task, x in features.items()}}
    record(name, model, outputs, weighted(scores, made))

out = Path(__file__).with_suffix(".safetensors")
versions = {"torch": torch.__version__, "transformers": transformers.__version__}
drop = ("position_ids", "token_type_ids", "num_batches_tracked")
kept = {k: v.detach().clone().contiguous() for k, v in tensors.items() if not k.endswith(drop)}
save_file(kept, out, metadata=versions)
print(f"{out.name}: {len(kept)} arrays, {out.stat().st_size} bytes, {versions}")
