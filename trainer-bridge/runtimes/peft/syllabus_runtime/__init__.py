"""Fine-tunes and runs a student model. Speaks JSON lines on stdin and stdout; knows nothing of the bus."""

PROTOCOL = 1
# Counts the changes after which the same request gives another adapter, or other replies: a part of every cache key.
# 2: batches shuffled anew each epoch, thoughts taken off, dates fixed, padding before the whole prompt.
REVISION = 2
