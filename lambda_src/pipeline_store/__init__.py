"""What both functions keep: objects in S3, job rows and lineage rows in DynamoDB. Shipped in the layer."""
