"""The models as readers type them: one short class a concept, no options, no checks.

Each is the twin of the package's class of the same name: see `twins` and docs/twins.md. What
notebooks have in a cell that readers keep is taken from there; here stands what none has yet.
"""

import torch
from einops import rearrange, reduce
from kept_cells import run_kept_cells
from torch import nn

KEPT = run_kept_cells(globals())


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
