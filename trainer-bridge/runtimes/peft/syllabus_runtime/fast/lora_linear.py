"""One linear layer with its adapter as one differentiable step.

y = x W^T + b + s (x A^T) B^T, and for the gradient g of y: dx = g W + s (g B) A, dA = s (g B)^T x, dB = s g^T (x A^T).
W is frozen and gets no gradient. Beside PEFT's own forward this saves the casts of x to float32 and back, and a score
of small graph nodes a layer: on a small student those cost as much as the products themselves.
"""

from types import MethodType

import torch


class FusedLoraLinear(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, a, b, scaling):
        flat = x.reshape(-1, x.shape[-1])
        a_cast, b_cast = a.to(weight.dtype), b.to(weight.dtype)
        low = flat @ a_cast.t()
        y = torch.nn.functional.linear(flat, weight, bias)
        y.addmm_(low, b_cast.t(), alpha=scaling)
        ctx.save_for_backward(flat, low, weight, a_cast, b_cast)
        ctx.scaling, ctx.dtype, ctx.shape = scaling, a.dtype, x.shape
        return y

    @staticmethod
    def backward(ctx, gradient):
        flat, low, weight, a, b = ctx.saved_tensors
        g = gradient.to(weight.dtype)
        g_low = (g @ b).mul_(ctx.scaling)
        dx = None
        if ctx.needs_input_grad[0]:
            dx = (g @ weight).addmm_(g_low, a).view(ctx.shape)
        da = (g_low.t() @ flat).to(ctx.dtype)
        db = (g.t() @ low).to(ctx.dtype).mul_(ctx.scaling)
        return dx, None, None, da, db, None


def use_fused_forward(module) -> None:
    """Replaces the forward of a peft LoRA Linear that has one plain adapter and no dropout."""
    name = module.active_adapters[0]
    a, b, scaling, base = module.lora_A[name].weight, module.lora_B[name].weight, module.scaling[name], module.base_layer

    def forward(self, x):
        # Shaped out here: what a model changes in place, as Gemma 3n does, must be no view that was made inside the step.
        y = FusedLoraLinear.apply(x, base.weight, base.bias, a, b, scaling)
        return y.view(*x.shape[:-1], y.shape[-1])

    module.forward = MethodType(forward, module)
