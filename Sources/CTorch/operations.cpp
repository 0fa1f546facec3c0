// Operations that autograd differentiates.
#include "channels_last.hpp"
#include "convolution.hpp"

using namespace ctorch;

namespace {

c10::optional<at::Tensor> maybe(ctorch_tensor x) {
  return x == nullptr ? c10::optional<at::Tensor>() : c10::optional<at::Tensor>(x->value);
}

}  // namespace

// Shape and type

ctorch_tensor ctorch_to(ctorch_tensor x, int type, int where) {
  return making([&] { return x->value.to(device(where), scalar_type(type)); });
}

ctorch_tensor ctorch_channels_last(ctorch_tensor x) {
  return making([&] {
    switch (x->value.dim()) {
      case 4: return x->value.contiguous(at::MemoryFormat::ChannelsLast);
      case 5: return x->value.contiguous(at::MemoryFormat::ChannelsLast3d);
      default: return x->value.contiguous();
    }
  });
}

ctorch_tensor ctorch_reshape(ctorch_tensor x, const int64_t *shape, int rank) {
  return making([&] { return x->value.reshape(list(shape, rank)); });
}

ctorch_tensor ctorch_permute(ctorch_tensor x, const int64_t *axes, int rank) {
  return making([&] { return x->value.permute(list(axes, rank)); });
}

ctorch_tensor ctorch_expand(ctorch_tensor x, const int64_t *shape, int rank) {
  return making([&] { return x->value.expand(list(shape, rank)); });
}

ctorch_tensor ctorch_narrow(ctorch_tensor x, int axis, int64_t start, int64_t length) {
  return making([&] { return x->value.narrow(axis, start, length); });
}

ctorch_tensor ctorch_concatenate(const ctorch_tensor *parts, int count, int axis) {
  return making([&] { return at::cat(tensors(parts, count), axis); });
}

ctorch_tensor ctorch_rows(ctorch_tensor x, ctorch_tensor indices) {
  return making([&] { return x->value.index_select(0, indices->value); });
}

ctorch_tensor ctorch_pad(ctorch_tensor x, const int64_t *amounts, int count) {
  return making([&] { return at::constant_pad_nd(x->value, list(amounts, count), 0); });
}

// Arithmetic

ctorch_tensor ctorch_add(ctorch_tensor a, ctorch_tensor b) {
  return making([&] { return a->value + b->value; });
}

ctorch_tensor ctorch_subtract(ctorch_tensor a, ctorch_tensor b) {
  return making([&] { return a->value - b->value; });
}

ctorch_tensor ctorch_multiply(ctorch_tensor a, ctorch_tensor b) {
  return making([&] { return a->value * b->value; });
}

ctorch_tensor ctorch_divide(ctorch_tensor a, ctorch_tensor b) {
  return making([&] { return a->value / b->value; });
}

ctorch_tensor ctorch_affine(ctorch_tensor x, double factor, double offset) {
  return making([&] {
    at::Tensor scaled = factor == 1 ? x->value : x->value * factor;
    return offset == 0 ? scaled : scaled + offset;
  });
}

ctorch_tensor ctorch_matmul(ctorch_tensor a, ctorch_tensor b) {
  return making([&] { return at::matmul(a->value, b->value); });
}

ctorch_tensor ctorch_apply(ctorch_tensor x, int function) {
  return making([&]() -> at::Tensor {
    switch (function) {
      case CTORCH_EXP: return x->value.exp();
      case CTORCH_LOG: return x->value.log();
      case CTORCH_LOG1P: return x->value.log1p();
      case CTORCH_TANH: return x->value.tanh();
      case CTORCH_SIGMOID: return x->value.sigmoid();
      case CTORCH_RELU: return x->value.relu();
      case CTORCH_RELU_IN_PLACE: return at::Tensor(x->value).relu_();
      case CTORCH_ELU: return at::elu(x->value);
      case CTORCH_ABS: return x->value.abs();
      case CTORCH_SQRT: return x->value.sqrt();
      case CTORCH_SQUARE: return x->value.square();
      default: throw std::invalid_argument("unknown function");
    }
  });
}

ctorch_tensor ctorch_clamp(ctorch_tensor x, double low, double high) {
  return making([&] { return x->value.clamp(low, high); });
}

ctorch_tensor ctorch_sum(ctorch_tensor x, const int64_t *axes, int count, bool keep) {
  return making([&] { return count == 0 ? x->value.sum() : x->value.sum(list(axes, count), keep); });
}

ctorch_tensor ctorch_mean(ctorch_tensor x, const int64_t *axes, int count, bool keep) {
  return making([&] { return count == 0 ? x->value.mean() : x->value.mean(list(axes, count), keep); });
}

ctorch_tensor ctorch_softmax(ctorch_tensor x, int axis) {
  return making([&] { return x->value.softmax(axis); });
}

ctorch_tensor ctorch_argmax(ctorch_tensor x, int axis) {
  return making([&] { return x->value.argmax(axis); });
}

// Layers

ctorch_tensor ctorch_convolution(
    ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, const int64_t *stride, const int64_t *front,
    const int64_t *back, int axes) {
  return making([&]() -> at::Tensor {
    if (axes != 2 && axes != 3) throw std::invalid_argument("a convolution has 2 or 3 axes");
    at::IntArrayRef before = list(front, axes), after = list(back, axes);
#if CTORCH_OWN_CONVOLUTION
    at::Tensor y;
    if (axes == 3 && convolve_channels_last(x->value, weight->value, maybe(bias), list(stride, 3), before, after, y)) {
      return y;
    }
#endif
    at::Tensor input = x->value;
    std::vector<int64_t> padding = before.vec();
    if (before != after) {
      // libtorch pads both sides alike.
      std::vector<int64_t> amounts;
      for (size_t axis = before.size(); axis-- > 0;) amounts.insert(amounts.end(), {before[axis], after[axis]});
      input = at::constant_pad_nd(input, amounts, 0);
      padding.assign(padding.size(), 0);
    }
    return axes == 3 ? at::conv3d(input, weight->value, maybe(bias), list(stride, 3), padding)
                     : at::conv2d(input, weight->value, maybe(bias), list(stride, 2), padding);
  });
}

ctorch_tensor ctorch_linear(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias) {
  return making([&] { return at::linear(x->value, weight->value, maybe(bias)); });
}

ctorch_tensor ctorch_max_pool(
    ctorch_tensor x, const int64_t *kernel, const int64_t *stride, const int64_t *padding, int axes, bool ceil) {
  return making([&]() -> at::Tensor {
    at::IntArrayRef k = list(kernel, axes), s = list(stride, axes), p = list(padding, axes);
    if (can_pool(x->value, k)) return max_pool_channels_last(x->value, k, s, p, ceil);
    if (axes == 3) return at::max_pool3d(x->value, k, s, p, 1, ceil);
    if (axes == 2) return at::max_pool2d(x->value, k, s, p, 1, ceil);
    throw std::invalid_argument("a pool has 2 or 3 axes");
  });
}

ctorch_tensor ctorch_average_pool3d(ctorch_tensor x, const int64_t *kernel) {
  return making([&] { return at::avg_pool3d(x->value, list(kernel, 3), {1, 1, 1}); });
}

ctorch_tensor ctorch_batch_norm(
    ctorch_tensor x, ctorch_tensor scale, ctorch_tensor offset, ctorch_tensor mean, ctorch_tensor variance,
    bool batch_statistics, double momentum, double epsilon, bool relu) {
  return making([&] {
    if (is_channels_last(x->value)) {
      return normalize_channels_last(
          x->value, scale->value, offset->value, mean->value, variance->value, batch_statistics, momentum, epsilon, relu);
    }
    at::Tensor y = at::batch_norm(
        x->value, scale->value, offset->value, mean->value, variance->value, batch_statistics, momentum, epsilon,
        at::globalContext().userEnabledCuDNN());
    return relu ? y.relu_() : y;
  });
}

ctorch_tensor ctorch_dropout(ctorch_tensor x, double probability) {
  return making([&] { return at::dropout(x->value, probability, true); });
}

ctorch_tensor ctorch_cross_entropy(ctorch_tensor logits, ctorch_tensor classes, double smoothing) {
  return making([&] {
    return at::cross_entropy_loss(logits->value, classes->value, {}, at::Reduction::Mean, -100, smoothing);
  });
}

ctorch_tensor ctorch_binary_cross_entropy(ctorch_tensor logits, ctorch_tensor targets) {
  return making([&] { return at::binary_cross_entropy_with_logits(logits->value, targets->value); });
}
