// Layers implemented here instead of in libtorch, for channels-last memory of float or bfloat16 on a CPU.
#pragma once

#include "internal.hpp"

namespace ctorch {

// Whether the layers below accept `x`: [N, C, H, W] or [N, C, T, H, W].
bool is_channels_last(const at::Tensor &x);

// Batch normalisation, optionally followed by ReLU, with gradients; updates mean and variance if `batch_statistics`.
at::Tensor normalize_channels_last(
    const at::Tensor &x, const at::Tensor &gamma, const at::Tensor &beta, const at::Tensor &mean,
    const at::Tensor &variance, bool batch_statistics, double momentum, double epsilon, bool relu);

bool can_pool(const at::Tensor &x, at::IntArrayRef kernel);

// Maximum over windows of [N, C, T, H, W], with its gradient; the first of equal values gets it.
at::Tensor max_pool_channels_last(
    const at::Tensor &x, at::IntArrayRef kernel, at::IntArrayRef stride, at::IntArrayRef padding, bool ceil);

}  // namespace ctorch
