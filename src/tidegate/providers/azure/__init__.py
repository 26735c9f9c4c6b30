"""Azure Storage: shared access signatures, account keys, connection strings."""

from tidegate.providers.azure.decode import DECODER

PLUGIN = DECODER
