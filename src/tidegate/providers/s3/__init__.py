"""Amazon S3 and compatible services: presigned links, forms, access keys, CloudFront."""

from tidegate.providers.s3.decode import DECODER

PLUGIN = DECODER
