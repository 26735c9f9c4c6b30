"""Amazon S3 and compatible services: presigned links, forms, access keys, CloudFront."""

from tidegate.providers.s3.decode import S3Decoder

PLUGIN = S3Decoder()
