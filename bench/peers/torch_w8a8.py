"""A decoder of a published shape in plain torch modules, random weights, its linear layers by dynamic quantisation in 8
bits: timed as a language model here is. Prefill ends with the first token of the answer, decode is what comes behind."""

import time
import warnings

import torch
from torch import nn
from torch.nn import functional

from json_lines import serve

TOUCHING_TOKENS = 8


def rounded(inputs, outputs, bias):
    """A linear with int8 weights by channel, activations rounded as they come; made one by one, as float32 is large."""
    plain = nn.Linear(inputs, outputs, bias=bias)
    with torch.no_grad():
        plain.weight.normal_(0, 0.02)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        observed = torch.ao.quantization.per_channel_dynamic_qconfig
        return torch.ao.quantization.quantize_dynamic(
            nn.Sequential(plain), {nn.Linear: observed}, dtype=torch.qint8
        )[0]


class Norm(nn.Module):
    def __init__(self, size, centred):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.bias = nn.Parameter(torch.zeros(size)) if centred else None

    def forward(self, x):
        if self.bias is None:
            return functional.rms_norm(x, self.weight.shape, self.weight, 1e-5)
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias, 1e-5)


class Layer(nn.Module):
    def __init__(self, family, shape, context):
        super().__init__()
        self.parallel = family == "phi2"
        self.heads, self.shared = shape["headCount"], shape["keyValueHeadCount"]
        self.size, hidden = shape["headSize"], shape["hiddenSize"]
        wide, bias = shape["feedForwardSize"], family == "phi2"
        self.norm = Norm(hidden, bias)
        outputs = (self.heads + 2 * self.shared) * self.size
        self.query_key_value = rounded(hidden, outputs, bias)
        self.output = rounded(self.heads * self.size, hidden, bias)
        self.gated = not bias
        self.feed_norm = None if self.parallel else Norm(hidden, bias)
        self.up = rounded(hidden, 2 * wide if self.gated else wide, bias)
        self.down = rounded(wide, hidden, bias)
        self.keys = torch.zeros(1, self.shared, context, self.size)
        self.values = torch.zeros(1, self.shared, context, self.size)

    def forward(self, x, turn, past):
        normed = self.norm(x)
        attended = self.attend(normed, turn, past)
        if self.parallel:
            return x + attended + self.feed(normed)
        x = x + attended
        return x + self.feed(self.feed_norm(x))

    def attend(self, x, turn, past):
        count = x.shape[1]
        sizes = [self.heads * self.size, self.shared * self.size, self.shared * self.size]
        query, key, value = self.query_key_value(x).split(sizes, -1)
        by_head = lambda part: part.view(1, count, -1, self.size).transpose(1, 2)
        end = past + count
        self.keys[:, :, past:end] = turn(by_head(key))
        self.values[:, :, past:end] = by_head(value)
        mixed = functional.scaled_dot_product_attention(
            turn(by_head(query)),
            self.keys[:, :, :end],
            self.values[:, :, :end],
            is_causal=count > 1,
            enable_gqa=self.shared != self.heads,
        )
        return self.output(mixed.transpose(1, 2).reshape(1, count, -1))

    def feed(self, x):
        if not self.gated:
            return self.down(functional.gelu(self.up(x), approximate="tanh"))
        gate, up = self.up(x).chunk(2, -1)
        return self.down(functional.silu(gate) * up)


class Decoder:
    def __init__(self, family, shape, context):
        hidden, words = shape["hiddenSize"], shape["vocabularySize"]
        self.table = torch.randn(words, hidden) * 0.02
        self.layers = [Layer(family, shape, context) for _ in range(shape["layerCount"])]
        self.norm = Norm(hidden, family == "phi2")
        self.head = rounded(hidden, words, family == "phi2")
        self.turned = round(shape["headSize"] * shape["rotaryFraction"])
        places = torch.arange(context)[:, None]
        angles = places / 10000.0 ** (torch.arange(0, self.turned, 2) / self.turned)
        self.cosines, self.sines = angles.cos(), angles.sin()

    def read(self, tokens, past):
        """The likeliest token behind the last of these."""
        cosines = self.cosines[past : past + len(tokens)]
        sines = self.sines[past : past + len(tokens)]

        def turn(heads):
            left, right = heads[..., : self.turned].chunk(2, -1)
            turned = [left * cosines - right * sines, right * cosines + left * sines]
            return torch.cat([*turned, heads[..., self.turned :]], -1)

        x = self.table[tokens][None]
        for layer in self.layers:
            x = layer(x, turn, past)
        return int(self.head(self.norm(x[:, -1])).argmax())


decoder = None


def open_(family, architecture, threads, context):
    global decoder
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    decoder = Decoder(family, architecture, context)
    return {"torch": torch.__version__, "engine": torch.backends.quantized.engine}


def measure(prompt, answer):
    with torch.inference_mode():
        run(prompt[:TOUCHING_TOKENS], answer[:TOUCHING_TOKENS])
        return run(prompt, answer)


def run(prompt, answer):
    begun = time.perf_counter()
    decoder.read(prompt, 0)
    read = time.perf_counter()
    for place, token in enumerate(answer):
        decoder.read([token], len(prompt) + place)
    written = time.perf_counter()
    return {"prefillMs": 1000 * (read - begun), "decodeMs": 1000 * (written - read)}


serve({"open": open_, "measure": measure})
