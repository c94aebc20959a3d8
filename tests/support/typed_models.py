"""The models as readers type them: one short class a concept, no options, no checks.

Each is the twin of the package's class of the same name: see `twins` and docs/twins.md. What
notebooks have in a cell that readers keep is taken from there; here stands what none has yet.
"""

import torch
from einops import rearrange, reduce
from kept_cells import run_kept_cells
from torch import nn

KEPT = run_kept_cells(globals())


def attention(q, k, v, mask=None):
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5  # [..., N, M]
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))  # True: may be attended to
    weights = scores.softmax(dim=-1)  # [..., N, M], rows sum to 1
    return weights @ v, weights  # [..., N, d_v]


class MultiHeadAttention(nn.Module):
    def __init__(self, q_dim, kv_dim, num_heads, qk_channels=None, v_channels=None):
        super().__init__()
        qk_channels = qk_channels or q_dim
        v_channels = v_channels or qk_channels
        self.num_heads = num_heads
        self.q_proj = nn.Linear(q_dim, qk_channels)
        self.k_proj = nn.Linear(kv_dim, qk_channels)
        self.v_proj = nn.Linear(kv_dim, v_channels)
        self.out_proj = nn.Linear(v_channels, q_dim)

    def forward(self, x_q, x_kv, mask=None):
        q, k, v = self.q_proj(x_q), self.k_proj(x_kv), self.v_proj(x_kv)
        q, k, v = (rearrange(t, "b n (h c) -> b h n c", h=self.num_heads) for t in (q, k, v))
        mask = None if mask is None else mask[:, None]  # one mask for all heads
        x, self.weights = attention(q, k, v, mask)  # [B, h, N, d_v], [B, h, N, M]
        return self.out_proj(rearrange(x, "b h n c -> b n (h c)"))


class MLP(nn.Module):
    def __init__(self, channels, widening_factor=1):
        super().__init__()
        self.fc1 = nn.Linear(channels, widening_factor * channels)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(widening_factor * channels, channels)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class CrossAttentionLayer(nn.Module):
    def __init__(
        self,
        q_dim,
        kv_dim,
        num_heads=1,
        qk_channels=None,
        v_channels=None,
        widening_factor=1,
        query_residual=True,
    ):
        super().__init__()
        self.query_residual = query_residual
        self.norm_q = nn.LayerNorm(q_dim)
        self.norm_kv = nn.LayerNorm(kv_dim)
        self.attention = MultiHeadAttention(q_dim, kv_dim, num_heads, qk_channels, v_channels)
        self.norm_mlp = nn.LayerNorm(q_dim)
        self.mlp = MLP(q_dim, widening_factor)

    def forward(self, x_q, x_kv, mask=None):
        x = self.attention(self.norm_q(x_q), self.norm_kv(x_kv), mask)  # [B, N, D]
        x = x_q + x if self.query_residual else x
        return x + self.mlp(self.norm_mlp(x))  # [B, N, D]


class SelfAttentionLayer(nn.Module):
    def __init__(
        self, channels, num_heads=1, qk_channels=None, v_channels=None, widening_factor=1, eps=1e-5
    ):
        super().__init__()
        self.norm_q = nn.LayerNorm(channels, eps=eps)
        self.attention = MultiHeadAttention(channels, channels, num_heads, qk_channels, v_channels)
        self.norm_mlp = nn.LayerNorm(channels, eps=eps)
        self.mlp = MLP(channels, widening_factor)

    def forward(self, x):
        y = self.norm_q(x)
        x = x + self.attention(y, y)
        return x + self.mlp(self.norm_mlp(x))


def grid_positions(size):
    axes = [torch.linspace(-1, 1, n) for n in size]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).flatten(0, -2)  # [M, d]


def fourier_features(positions, num_bands, max_resolution):
    bands = torch.stack([torch.linspace(1, n / 2, num_bands) for n in max_resolution])  # [d, K]
    angles = torch.pi * (positions[..., None] * bands).flatten(-2)  # [M, d K]
    return torch.cat([positions, angles.sin(), angles.cos()], dim=-1)  # [M, d (2 K + 1)]


class FourierPositions(nn.Module):
    def __init__(self, num_bands, max_resolution):
        super().__init__()
        self.num_bands, self.max_resolution = num_bands, max_resolution
        self.num_channels = len(max_resolution) * (2 * num_bands + 1)

    def forward(self, size):
        return fourier_features(grid_positions(size), self.num_bands, self.max_resolution)


class LearnedPositions(nn.Module):
    def __init__(self, num_positions, num_channels):
        super().__init__()
        self.num_channels = num_channels
        self.table = nn.Parameter(0.02 * torch.randn(num_positions, num_channels))

    def forward(self, size):
        return self.table


def append_positions(x, positions):  # x: [B, *size, channels]
    where = positions(x.shape[1:-1]).expand(len(x), -1, -1)  # [B, M, position channels]
    return torch.cat([x.flatten(1, -2), where], dim=-1)  # [B, M, C]


class PixelPreprocessor(nn.Module):
    def __init__(self, positions, in_channels=3):
        super().__init__()
        self.positions = positions
        self.num_channels = in_channels + positions.num_channels

    def forward(self, image):
        return append_positions(image.movedim(1, -1), self.positions)


class PerceiverEncoder(nn.Module):
    def __init__(
        self,
        input_channels,
        num_latents,
        latent_channels,
        num_blocks,
        num_layers,
        self_heads,
        cross_heads=1,
        qk_channels=None,
        v_channels=None,
    ):
        super().__init__()
        D, C = latent_channels, input_channels
        self.latents = nn.Parameter(0.02 * torch.randn(num_latents, D))
        self.cross = CrossAttentionLayer(D, C, cross_heads, qk_channels or C, v_channels)
        layers = (
            SelfAttentionLayer(D, self_heads, qk_channels, v_channels) for _ in range(num_layers)
        )
        self.block = nn.ModuleList(layers)
        self.num_blocks = num_blocks

    def forward(self, x, mask=None):
        z = self.latents.expand(len(x), -1, -1)  # [B, N, D]
        z = self.cross(z, x, mask)  # [B, N, D], M is gone
        for _ in range(self.num_blocks):
            for layer in self.block:
                z = layer(z)  # [B, N, D]
        return z


class LearnedQueries(nn.Module):
    def __init__(self, num_queries, num_channels):
        super().__init__()
        self.table = nn.Parameter(0.02 * torch.randn(num_queries, num_channels))

    def forward(self, x):
        return self.table.expand(len(x), -1, -1)  # [B, O, E]


class PerceiverDecoder(nn.Module):
    def __init__(
        self,
        query_channels,
        latent_channels,
        out_channels,
        num_heads=1,
        query_residual=True,
        qk_channels=None,
        v_channels=None,
    ):
        super().__init__()
        E, D = query_channels, latent_channels
        self.cross = CrossAttentionLayer(
            E, D, num_heads, qk_channels or D, v_channels, query_residual=query_residual
        )
        self.final = nn.Linear(E, out_channels) if out_channels else nn.Identity()

    def forward(self, queries, z):
        return self.final(self.cross(queries, z))  # [B, O, out]


class PerceiverIO(nn.Module):
    def __init__(self, preprocessor, encoder, queries, decoder, postprocessor=nn.Identity()):
        super().__init__()
        self.preprocessor, self.encoder = preprocessor, encoder
        self.queries, self.decoder, self.postprocessor = queries, decoder, postprocessor

    def forward(self, raw):
        x = self.preprocessor(raw)  # [B, M, C]
        z = self.encoder(x)  # [B, N, D]
        y = self.decoder(self.queries(x), z)  # [B, O, out]
        return self.postprocessor(y)


class TiedHead(nn.Module):
    def __init__(self, embeddings):
        super().__init__()
        self.embeddings = embeddings
        self.bias = nn.Parameter(torch.zeros(embeddings.num_embeddings))

    def forward(self, y):
        return y @ self.embeddings.weight.T + self.bias  # [B, O, 262]


class ConvPreprocessor(nn.Module):
    def __init__(self, stem, channels, positions, project=None):
        super().__init__()
        self.stem, self.positions = stem, positions
        self.project = nn.Linear(positions.num_channels, project) if project else nn.Identity()
        self.num_channels = channels + (project or positions.num_channels)

    def forward(self, image):
        x = self.stem(image).movedim(1, -1)  # [B, H, W, channels]
        return append_positions(x, lambda size: self.project(self.positions(size)))


def conv_stem(channels=64):
    return nn.Sequential(
        nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
    )


class FlowPreprocessor(nn.Module):
    def __init__(self, positions, channels=64):
        super().__init__()
        self.positions, self.linear = positions, nn.Linear(54, channels)
        self.num_channels = channels + positions.num_channels

    def forward(self, patches):  # [B, 2, 27, H, W]
        x = self.linear(rearrange(patches, "b t c h w -> b h w (t c)"))
        return append_positions(x, self.positions)


class FlowHead(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, y):  # [B, H W, 2]
        return y.unflatten(1, self.size) / 100  # [B, H, W, 2]


class VideoPreprocessor(nn.Module):
    def __init__(self, positions, block=4):
        super().__init__()
        self.positions, self.block = positions, block
        self.num_channels = 3 * block**2 + positions.num_channels

    def forward(self, video):
        x = rearrange(video, "b t c (h p) (w q) -> b t h w (p q c)", p=self.block, q=self.block)
        return append_positions(x, self.positions)


class AudioPreprocessor(nn.Module):
    def __init__(self, positions, samples=16):
        super().__init__()
        self.positions, self.samples = positions, samples
        self.num_channels = samples + positions.num_channels

    def forward(self, sound):
        return append_positions(
            rearrange(sound, "b (n s) 1 -> b n s", s=self.samples), self.positions
        )


class OneHotPreprocessor(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.num_channels = classes

    def forward(self, label):
        return label[:, None]  # [B, 1, classes]


class MultimodalPreprocessor(nn.Module):
    def __init__(self, parts, min_padding=4):
        super().__init__()
        self.num_channels = C = max(part.num_channels for part in parts.values()) + min_padding
        self.parts = nn.ModuleDict(parts)
        self.padding = nn.ParameterDict(
            {m: 0.02 * torch.randn(1, C - p.num_channels) for m, p in parts.items()}
        )
        self.mask = nn.ParameterDict({m: 0.02 * torch.randn(1, C) for m in parts})

    def forward(self, raw, masked=("label",)):
        rows = []
        for name in sorted(self.parts):
            x = self.parts[name](raw[name])  # [B, M_i, C_i]
            x = torch.cat([x, self.padding[name].expand(*x.shape[:2], -1)], dim=-1)
            rows.append(self.mask[name].expand_as(x) if name in masked else x)
        return torch.cat(rows, dim=1)  # [B, M, C]


class MultimodalQueries(nn.Module):
    def __init__(self, sizes, positions, label_channels=1024, min_padding=2):
        super().__init__()
        self.sizes, self.positions = sizes, positions
        self.label = LearnedQueries(1, label_channels)
        widths = {m: p.num_channels for m, p in positions.items()} | {"label": label_channels}
        self.num_channels = E = max(widths.values()) + min_padding
        self.padding = nn.ParameterDict(
            {m: 0.02 * torch.randn(1, E - w) for m, w in widths.items()}
        )

    def rows(self, name, points):
        where = torch.stack(torch.unravel_index(points, self.sizes[name]), dim=-1)
        where = -1 + 2 * where / torch.tensor(self.sizes[name])  # [O_i, d]
        encoding = self.positions[name]
        return fourier_features(where, encoding.num_bands, encoding.max_resolution)

    def forward(self, x, points):
        rows = {m: self.rows(m, p).expand(len(x), -1, -1) for m, p in points.items()}
        rows["label"] = self.label(x)
        padded = []
        for name in sorted(rows):
            padding = self.padding[name].expand(*rows[name].shape[:2], -1)
            padded.append(torch.cat([rows[name], padding], dim=-1))
        return torch.cat(padded, dim=1)  # [B, O, E]


def unroll(x, grid, num_pools=3):
    x = rearrange(x, "b (h w) c -> b h w c", h=grid[0])
    for _ in range(num_pools):
        x = rearrange(x, "b (h p) (w q) c -> (b p q) h w c", p=2, q=2)
    return rearrange(x, "(b n) h w c -> b (n h w) c", n=4**num_pools)


def reroll(x, grid, num_pools):
    h, w = (side // 2**num_pools for side in grid)
    x = rearrange(x, "b (n h w) c -> (b n) h w c", h=h, w=w)
    for _ in range(num_pools):
        x = rearrange(x, "(b p q) h w c -> b (h p) (w q) c", p=2, q=2)
    return x  # [B, H, W, C]


class MaskUnitAttention(nn.Module):
    def __init__(self, in_dim, out_dim, num_heads, unit_tokens=None, pool=1):
        super().__init__()
        self.num_heads, self.unit_tokens, self.pool = num_heads, unit_tokens, pool
        self.qkv = nn.Linear(in_dim, 3 * out_dim)
        self.out_proj = nn.Linear(out_dim, out_dim)

    def forward(self, x):
        t = self.unit_tokens or x.shape[1]  # None: one unit, global attention
        q, k, v = rearrange(
            self.qkv(x), "b (t u) (three h c) -> three b u h t c", three=3, h=self.num_heads, t=t
        )
        q = reduce(q, "b u h (p t) c -> b u h t c", "max", p=self.pool)
        y, self.weights = attention(q, k, v)  # [B, units, h, queries, c]
        return self.out_proj(rearrange(y, "b u h t c -> b (t u) (h c)"))


class HieraLayer(nn.Module):
    def __init__(self, in_dim, out_dim, num_heads, unit_tokens=None, pool=1):
        super().__init__()
        self.pool = pool
        self.norm_q = nn.LayerNorm(in_dim, eps=1e-6)
        self.attention = MaskUnitAttention(in_dim, out_dim, num_heads, unit_tokens, pool)
        self.dim_proj = nn.Linear(in_dim, out_dim) if in_dim != out_dim else None
        self.norm_mlp = nn.LayerNorm(out_dim, eps=1e-6)
        self.mlp = MLP(out_dim, widening_factor=4)

    def forward(self, x):
        y = self.norm_q(x)
        if self.dim_proj:
            x = reduce(self.dim_proj(y), "b (p t) c -> b t c", "max", p=self.pool)
        x = x + self.attention(y)
        return x + self.mlp(self.norm_mlp(x))


def hiera_stage(stage, depth, dim, heads, local=(True, True, False, False)):
    layers = []
    for i in range(depth):
        pools = stage > 0 and i == 0
        before = stage - 1 if pools else stage
        unit_tokens = 64 // 4**before if local[before] else None
        layers.append(
            HieraLayer(
                dim * 2**before,
                dim * 2**stage,
                heads * 2**stage,
                unit_tokens,
                pool=4 if pools else 1,
            )
        )
    return nn.Sequential(*layers)


class Hiera(nn.Module):
    def __init__(self, dim, depths, heads, image_size, classes):
        super().__init__()
        self.grid = [side // 4 for side in image_size]
        self.patches = nn.Conv2d(3, dim, kernel_size=7, stride=4, padding=3)
        self.positions = nn.Parameter(0.02 * torch.randn(1, self.grid[0] * self.grid[1], dim))
        self.stages = nn.ModuleList(hiera_stage(i, d, dim, heads) for i, d in enumerate(depths))
        self.norm = nn.LayerNorm(8 * dim, eps=1e-6)
        self.head = nn.Linear(8 * dim, classes)

    def features(self, images):
        x = rearrange(self.patches(images), "b c h w -> b (h w) c") + self.positions
        x, maps = unroll(x, self.grid), []
        for i, stage in enumerate(self.stages):
            x = stage(x)  # a quarter of the tokens, twice the channels
            maps.append(reroll(x, [side // 2**i for side in self.grid], 3 - i))
        return maps

    def forward(self, images):
        return self.head(self.norm(self.features(images)[-1].mean((1, 2))))


class PatchEmbedding(nn.Module):
    def __init__(self, channels, patch_size, in_channels=3):
        super().__init__()
        self.projection = nn.Conv2d(in_channels, channels, patch_size, stride=patch_size)

    def forward(self, images):
        return rearrange(self.projection(images), "b c h w -> b (h w) c")  # [B, P, C]


class DeiT(nn.Module):
    def __init__(self, channels, num_layers, num_heads, image_size, patch_size, classes):
        super().__init__()
        num_patches = (image_size[0] // patch_size) * (image_size[1] // patch_size)
        self.patches = PatchEmbedding(channels, patch_size)
        self.class_token = nn.Parameter(0.02 * torch.randn(1, 1, channels))
        self.distillation_token = nn.Parameter(0.02 * torch.randn(1, 1, channels))
        self.positions = nn.Parameter(0.02 * torch.randn(1, 2 + num_patches, channels))
        layers = (
            SelfAttentionLayer(channels, num_heads, widening_factor=4, eps=1e-12)
            for _ in range(num_layers)
        )
        self.layers = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(channels, eps=1e-12)
        self.class_head = nn.Linear(channels, classes)
        self.distillation_head = nn.Linear(channels, classes)

    def tokens(self, images):
        prefix_tokens = torch.cat([self.class_token, self.distillation_token], dim=1)
        x = torch.cat([prefix_tokens.expand(len(images), -1, -1), self.patches(images)], dim=1)
        return self.norm(self.layers(x + self.positions))  # [B, 2 + P, C]

    def forward(self, images):
        x = self.tokens(images)
        return self.class_head(x[:, 0]), self.distillation_head(x[:, 1])  # [B, classes] each
