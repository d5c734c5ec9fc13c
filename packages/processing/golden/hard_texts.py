"""Texts that tokenizers get wrong, for the recipes beside this file."""

import random

HARD_TEXTS = [
    "",
    " ",
    "\t\n \r\n",
    "a",
    "a photo of a cat",
    "A Photo of a CAT.",
    "  leading and   trailing\t\tspaces \n",
    "it's we're I'd you'll they've I'm can't 'tis 'S 'LL rock'n'roll",
    "it\u2019s a curly apostrophe, \u201cquoted\u201d \u2014 dash \u2026",
    "it'\u017f long s, \u212a kelvin, \ufb01 ligature",
    "1234567890 3.14 1,000,000 2nd \u00bd \u2167 \u0663\u0664 \u4e09\u5341",
    "!!! ??? ... --- ~~~ @#$%^&*() [CLS] [SEP] [MASK] [UNK] [PAD] ##ing",
    "<|startoftext|> typed <|endoftext|> specials <|EndOfText|>",
    "snake_case camelCase kebab-case https://example.com/a?b=c&d=e#f user@example.org",
    "&lt;b&gt; &amp;amp; &amp;lt; &eacute; &eacutex &notit; &#233; &#xe9; &#128; &#0; &#xd800; &nbsp;x &hearts; &#1;",
    "& && &; &# &#x; &unknown; &amp &ampersand",
    "caf\u00e9 na\u00efve r\u00e9sum\u00e9 \u00c5ngstr\u00f6m \u00fcber \u00d1and\u00fa",
    "cafe\u0301 combining, e\u0301\u0327\u0302 stacked",
    "Stra\u00dfe \u0130stanbul \u0131l\u0131k \u03a3\u0391\u03a3 \u039f\u0394\u039f\u03a3. \u01c5 \u1e9e",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u0401\u0436\u0438\u043a \u0419\u043e\u0434",
    "\u6211\u7231\u81ea\u7136\u8bed\u8a00\u5904\u7406\u3002\u4eca\u5929\u5929\u6c14\uff0c\u5f88\u597d\uff01",
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30b9\u30c8 \u30ab\u30bf\u30ab\u30ca \uff76\uff80\uff76\uff85 \u3071\u3074",
    "\uc548\ub155\ud558\uc138\uc694 \ud55c\uad6d\uc5b4",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645 \u05e9\u05dc\u05d5\u05dd",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u1019\u103c\u1014\u103a\u1019\u102c",
    "\U0001f600 a smiling face \U0001f602\U0001f602 \u2764\ufe0f \U0001f44d\U0001f3fd",
    "\U0001f3f3\ufe0f\u200d\U0001f308 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e8\U0001f1f3 1\ufe0f\u20e3",
    "mixed\u4e2d\u6587and English123\u6570\u5b57\U0001f389",
    "zero\u200bwidth \u200djoiner \ufeffbom \u00adsoft\u00adhyphen \u2060word",
    "nbsp\u00a0em\u2003ideographic\u3000line\u2028para\u2029next\u0085end",
    "\x1c fs \x1d gs \x1e rs \x1f us \x1f",
    "control \x00\x01\x02\x07\x08\x0b\x0c\x1b\x7f\x80\x9f characters \ufffd \ufffe \ue000",
    "\U0002070e\U00020000 rare han \u3402 \uf900 compatibility",
    "\U0001d54f\U0001d552 math \u2460 circled \uff21\uff22\uff23 fullwidth",
    "a" * 300,
    "ab" * 120,
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "\U0001f600" * 40,
    "\u4e2d" * 90,
    "the quick brown fox jumps over the lazy dog " * 12,
    "!" * 100,
    "9" * 100,
    "a.b.c.d.e.f-g_h/i\\j|k",
]

ALPHABET = (
    list("aabcdeeghiilmnoorsstttuABEHST''..,!?&#;x019  \t\n-_<|>")
    + list("\u00e9\u00c9e\u0301\u00df\u0130\u4e2d\u6587\u3002\u306e\ud55c\u0416\u0439\u00a0\u200b\u2026\u017f")
    + ["\U0001f600", "\U0001f44d\U0001f3fd", "\ufe0f", "'s", "'LL", "&amp;", "&#39;", "ing ", "tion", "the "]
)


def random_texts(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choice(ALPHABET) for _ in range(rng.randint(1, 40))) for _ in range(count)]
