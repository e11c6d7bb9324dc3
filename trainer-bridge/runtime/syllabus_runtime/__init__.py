"""Fine-tunes and runs a student model. Speaks JSON lines on stdin and stdout; knows nothing of the bus."""

PROTOCOL = 1
