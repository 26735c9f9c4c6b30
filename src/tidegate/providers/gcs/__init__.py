"""Google Cloud Storage and Firebase: signed links, HMAC keys, service-account keys."""

from tidegate.providers.gcs.decode import DECODER

PLUGIN = DECODER
