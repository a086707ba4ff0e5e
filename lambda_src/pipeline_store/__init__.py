"""Storage shared by both functions: objects in S3, job and lineage rows in DynamoDB. Shipped in the layer."""
