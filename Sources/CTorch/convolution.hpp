// Convolutions implemented here instead of in libtorch, for channels-last memory.
#pragma once

#include "internal.hpp"

#if TORCH_VERSION_MAJOR < 2
#define CTORCH_OWN_CONVOLUTION 1
#else
#define CTORCH_OWN_CONVOLUTION 0
#endif

namespace ctorch {

#if CTORCH_OWN_CONVOLUTION
// Convolves [N, C, T, H, W] of float or bfloat16 (under autocast) with a float weight, with gradients.
//
// Each axis is padded by `front` and `back`. Returns false and leaves `y` unchanged if libtorch must do it: on another
// device, for other types, or if oneDNN has no fast kernel for this CPU.
bool convolve_channels_last(
    const at::Tensor &x, const at::Tensor &weight, const c10::optional<at::Tensor> &bias, at::IntArrayRef stride,
    at::IntArrayRef front, at::IntArrayRef back, at::Tensor &y);
#endif

}  // namespace ctorch
