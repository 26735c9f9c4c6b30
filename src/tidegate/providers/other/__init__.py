"""Other providers: Hugging Face, share links, Alibaba Cloud, Tencent COS, Backblaze B2, private keys."""

from tidegate.providers.other.decode import DECODER

PLUGIN = DECODER
