// Layers on channels-last memory on a CPU, where libtorch's own are slow: batch normalisation fused with ReLU, and max
// pools over three axes.
//
// Sums are taken over blocks of a size that does not depend on the number of threads, so results do not either.
#include "channels_last.hpp"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>

namespace ctorch {
namespace {

struct Span {
  int64_t begin, end;
};

// The cells of a pooling kernel that lie inside the picture at one position.
struct PoolWindow {
  Span frames, rows, columns;
  // First cell of the kernel; may lie before the picture.
  int64_t frame, row, column;
  int64_t height, width, channels;
  int64_t kernel_height, kernel_width;
  int64_t first;

  int64_t place(int64_t t, int64_t h, int64_t w) const { return ((t * height + h) * width + w) * channels; }
  int64_t number(int64_t t, int64_t h, int64_t w) const {
    return ((t - frame) * kernel_height + (h - row)) * kernel_width + (w - column);
  }
};

// Vectors are only passed between inlined functions.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"
namespace portable {
#include "channels_last_kernels.inc"
}

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
namespace avx2 {
#include "channels_last_kernels.inc"
}
#pragma clang attribute pop
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma,prefer-256-bit"))), apply_to = function)
namespace avx512 {
#include "channels_last_kernels.inc"
}
#pragma clang attribute pop
#pragma clang diagnostic pop

enum class Instructions { portable, avx2, avx512 };

Instructions best_instructions() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq")) {
    return Instructions::avx512;
  }
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? Instructions::avx2 : Instructions::portable;
}

const Instructions instructions = best_instructions();

#define CTORCH_KERNEL(...)                                     \
  switch (instructions) {                                      \
    case Instructions::avx512: avx512::__VA_ARGS__; break;      \
    case Instructions::avx2: avx2::__VA_ARGS__; break;          \
    case Instructions::portable: portable::__VA_ARGS__; break;  \
  }
#else
#pragma clang diagnostic pop
#define CTORCH_KERNEL(...) portable::__VA_ARGS__;
#endif

// Calls `body` for float or bfloat16 memory.
template <typename Body>
void typed(const at::Tensor &x, Body body) {
  if (x.scalar_type() == at::kFloat) {
    body(static_cast<float *>(nullptr));
  } else {
    body(static_cast<uint16_t *>(nullptr));
  }
}

template <typename T>
T *data(const at::Tensor &x) {
  return static_cast<T *>(x.data_ptr());
}

at::MemoryFormat format(int64_t rank) {
  return rank == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
}

// Repeats the channels' values to a row that is a multiple of the vector length.
struct Rows {
  int64_t channels, period;

  explicit Rows(int64_t channels) : channels(channels) {
    int64_t repeats = 16 / std::gcd(channels, static_cast<int64_t>(16));
    while (channels * repeats < 64) repeats *= 2;
    period = channels * repeats;
  }

  std::vector<float> repeated(const std::vector<float> &values) const {
    std::vector<float> row(static_cast<size_t>(period));
    for (int64_t i = 0; i < period; ++i) row[static_cast<size_t>(i)] = values[static_cast<size_t>(i % channels)];
    return row;
  }

  // Elements per block: whole rows, about a quarter of a megabyte of floats.
  int64_t block() const { return period * std::max<int64_t>(1, 65536 / period); }
};

std::vector<float> values(const at::Tensor &x) {
  at::Tensor dense = x.detach().to(at::kFloat).contiguous();
  const float *first = dense.data_ptr<float>();
  return std::vector<float>(first, first + dense.numel());
}

at::Tensor tensor(const std::vector<float> &values, const at::Tensor &like) {
  at::Tensor x = at::empty({static_cast<int64_t>(values.size())}, at::kFloat);
  std::copy(values.begin(), values.end(), x.data_ptr<float>());
  return x.to(like.scalar_type());
}

// Two sums over positions for each channel: `body` adds a block's contribution to two rows.
template <typename Body>
std::pair<std::vector<double>, std::vector<double>> sums(const Rows &rows, int64_t count, Body body) {
  int64_t size = rows.block(), blocks = (count + size - 1) / size;
  size_t period = static_cast<size_t>(rows.period), channels = static_cast<size_t>(rows.channels);
  std::vector<float> partial(static_cast<size_t>(blocks) * 2 * period, 0);
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float *first = partial.data() + static_cast<size_t>(i) * 2 * period;
      body(i * size, std::min(size, count - i * size), first, first + period);
    }
  });
  std::pair<std::vector<double>, std::vector<double>> total;
  total.first.assign(channels, 0);
  total.second.assign(channels, 0);
  for (size_t block = 0; block < static_cast<size_t>(blocks); ++block) {
    const float *first = partial.data() + block * 2 * period;
    for (size_t i = 0; i < period; ++i) {
      total.first[i % channels] += first[i];
      total.second[i % channels] += first[period + i];
    }
  }
  return total;
}

// Calls `body(from, count)` for every block, on all threads.
template <typename Body>
void each_block(const Rows &rows, int64_t count, Body body) {
  int64_t size = rows.block();
  at::parallel_for(0, (count + size - 1) / size, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(i * size, std::min(size, count - i * size));
  });
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Normalization : torch::autograd::Function<Normalization> {
  static at::Tensor forward(
      AutogradContext *context, at::Tensor x, at::Tensor gamma, at::Tensor beta, at::Tensor running_mean,
      at::Tensor running_variance, bool batch_statistics, double momentum, double epsilon, bool relu) {
    Rows rows(x.size(1));
    size_t channels = static_cast<size_t>(rows.channels);
    int64_t count = x.numel();
    double positions = static_cast<double>(count / rows.channels);
    std::vector<float> mean = values(running_mean), variance = values(running_variance);
    if (batch_statistics) {
      // Summing differences from the first position preserves precision when the mean is large.
      std::vector<float> shift(channels);
      typed(x, [&](auto *type) {
        using T = std::remove_pointer_t<decltype(type)>;
        const T *from = data<T>(x);
        for (size_t c = 0; c < channels; ++c) shift[c] = portable::load(from + c);
        std::vector<float> row = rows.repeated(shift);
        auto [sum, square] = sums(rows, count, [&](int64_t start, int64_t length, float *first, float *second) {
          CTORCH_KERNEL(moments(from + start, length, rows.period, row.data(), first, second))
        });
        for (size_t c = 0; c < channels; ++c) {
          double away = sum[c] / positions;
          mean[c] = static_cast<float>(shift[c] + away);
          variance[c] = static_cast<float>(std::max(0.0, square[c] / positions - away * away));
        }
      });
      double unbiased = positions > 1 ? positions / (positions - 1) : 1;
      at::NoGradGuard quiet;
      running_mean.mul_(1 - momentum).add_(tensor(mean, running_mean), momentum);
      running_variance.mul_(1 - momentum).add_(tensor(variance, running_variance), momentum * unbiased);
    }
    std::vector<float> scales = values(gamma), offsets = values(beta), inverse(channels);
    for (size_t c = 0; c < channels; ++c) {
      inverse[c] = static_cast<float>(1 / std::sqrt(static_cast<double>(variance[c]) + epsilon));
      scales[c] *= inverse[c];
      offsets[c] -= mean[c] * scales[c];
    }
    at::Tensor y = at::empty(x.sizes(), x.options(), format(x.dim()));
    std::vector<float> factor = rows.repeated(scales), offset = rows.repeated(offsets);
    typed(x, [&](auto *type) {
      using T = std::remove_pointer_t<decltype(type)>;
      const T *from = data<T>(x);
      T *to = data<T>(y);
      each_block(rows, count, [&](int64_t start, int64_t length) {
        if (relu) {
          CTORCH_KERNEL(scale<T, true>(from + start, to + start, length, rows.period, factor.data(), offset.data()))
        } else {
          CTORCH_KERNEL(scale<T, false>(from + start, to + start, length, rows.period, factor.data(), offset.data()))
        }
      });
    });
    context->save_for_backward({x, gamma});
    context->saved_data["factor"] = tensor(scales, running_mean);
    context->saved_data["offset"] = tensor(offsets, running_mean);
    context->saved_data["mean"] = tensor(mean, running_mean);
    context->saved_data["inverse"] = tensor(inverse, running_mean);
    context->saved_data["batch"] = batch_statistics;
    context->saved_data["relu"] = relu;
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    at::Tensor x = context->get_saved_variables()[0], gamma = context->get_saved_variables()[1];
    at::Tensor dy = gradients[0].to(x.scalar_type()).contiguous(format(x.dim()));
    bool relu = context->saved_data["relu"].toBool(), batch_statistics = context->saved_data["batch"].toBool();
    Rows rows(x.size(1));
    size_t channels = static_cast<size_t>(rows.channels);
    int64_t count = x.numel();
    double positions = static_cast<double>(count / rows.channels);
    std::vector<float> scales = values(context->saved_data["factor"].toTensor());
    std::vector<float> means = values(context->saved_data["mean"].toTensor());
    std::vector<float> inverse = values(context->saved_data["inverse"].toTensor());
    std::vector<float> factor = rows.repeated(scales), mean = rows.repeated(means);
    std::vector<float> offset = rows.repeated(values(context->saved_data["offset"].toTensor()));
    std::vector<float> d_gamma(channels), d_beta(channels), slopes(channels, 0), constants(channels, 0);
    at::Tensor dx = at::empty(x.sizes(), x.options(), format(x.dim()));
    typed(x, [&](auto *type) {
      using T = std::remove_pointer_t<decltype(type)>;
      const T *from = data<T>(x), *up = data<T>(dy);
      T *down = data<T>(dx);
      auto [sum, product] = sums(rows, count, [&](int64_t start, int64_t length, float *first, float *second) {
        if (relu) {
          CTORCH_KERNEL(gradient_sums<T, true>(
              from + start, up + start, length, rows.period, factor.data(), offset.data(), mean.data(), first, second))
        } else {
          CTORCH_KERNEL(gradient_sums<T, false>(
              from + start, up + start, length, rows.period, factor.data(), offset.data(), mean.data(), first, second))
        }
      });
      for (size_t c = 0; c < channels; ++c) {
        d_beta[c] = static_cast<float>(sum[c]);
        d_gamma[c] = static_cast<float>(product[c] * inverse[c]);
        if (!batch_statistics) continue;
        // dx = γ/σ · (g - mean(g) - (x - μ)/σ² · mean(g · (x - μ)))
        double slope = -scales[c] * static_cast<double>(inverse[c]) * inverse[c] * product[c] / positions;
        slopes[c] = static_cast<float>(slope);
        constants[c] = static_cast<float>(-scales[c] * sum[c] / positions - slope * means[c]);
      }
      std::vector<float> slope = rows.repeated(slopes), constant = rows.repeated(constants);
      each_block(rows, count, [&](int64_t start, int64_t length) {
        if (relu) {
          CTORCH_KERNEL(input_gradients<T, true>(
              from + start, up + start, down + start, length, rows.period, factor.data(), offset.data(), slope.data(),
              constant.data()))
        } else {
          CTORCH_KERNEL(input_gradients<T, false>(
              from + start, up + start, down + start, length, rows.period, factor.data(), offset.data(), slope.data(),
              constant.data()))
        }
      });
    });
    at::Tensor none;
    return {dx, tensor(d_gamma, gamma), tensor(d_beta, gamma), none, none, none, none, none, none};
  }
};

struct Pooling {
  int64_t kernel[3], stride[3], padding[3];
  int64_t in[3], out[3];
  int64_t channels;

  int64_t input_size() const { return in[0] * in[1] * in[2] * channels; }
  int64_t output_size() const { return out[0] * out[1] * out[2] * channels; }

  Span span(int axis, int64_t index) const {
    int64_t start = index * stride[axis] - padding[axis];
    return {std::max<int64_t>(0, start), std::min(in[axis], start + kernel[axis])};
  }

  PoolWindow window(int64_t t, int64_t h, int64_t w) const {
    PoolWindow window{span(0, t), span(1, h), span(2, w), t * stride[0] - padding[0], h * stride[1] - padding[1],
                      w * stride[2] - padding[2], in[1], in[2], channels, kernel[1], kernel[2], 0};
    window.first = window.number(window.frames.begin, window.rows.begin, window.columns.begin);
    return window;
  }
};

struct MaxPool : torch::autograd::Function<MaxPool> {
  static at::Tensor forward(AutogradContext *context, at::Tensor x, at::IntArrayRef shape) {
    Pooling pooling;
    std::memcpy(&pooling, shape.data(), sizeof(pooling));
    int64_t batch = x.size(0);
    at::Tensor y = at::empty(
        {batch, pooling.channels, pooling.out[0], pooling.out[1], pooling.out[2]}, x.options(),
        at::MemoryFormat::ChannelsLast3d);
    // For each output, the kernel cell it came from.
    at::Tensor cells = at::empty({y.numel()}, at::kByte);
    int64_t row = pooling.out[2] * pooling.channels;
    typed(x, [&](auto *type) {
      using T = std::remove_pointer_t<decltype(type)>;
      at::parallel_for(0, batch * pooling.out[0] * pooling.out[1], 8, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          int64_t h = i % pooling.out[1], t = i / pooling.out[1] % pooling.out[0], n = i / pooling.out[1] / pooling.out[0];
          const T *from = data<T>(x) + n * pooling.input_size();
          for (int64_t w = 0; w < pooling.out[2]; ++w) {
            PoolWindow window = pooling.window(t, h, w);
            int64_t place = i * row + w * pooling.channels;
            T *to = data<T>(y) + place;
            uint8_t *cell = cells.data_ptr<uint8_t>() + place;
            CTORCH_KERNEL(pool(window, from, to, cell))
          }
        }
      });
    });
    context->saved_data["shape"] = shape.vec();
    context->saved_data["cells"] = cells;
    context->saved_data["kind"] = static_cast<int64_t>(x.scalar_type());
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    std::vector<int64_t> shape = context->saved_data["shape"].toIntVector();
    Pooling pooling;
    std::memcpy(&pooling, shape.data(), sizeof(pooling));
    at::Tensor cells = context->saved_data["cells"].toTensor();
    at::ScalarType kind = static_cast<at::ScalarType>(context->saved_data["kind"].toInt());
    at::Tensor dy = gradients[0].to(kind).contiguous(at::MemoryFormat::ChannelsLast3d);
    int64_t batch = dy.size(0);
    at::Tensor dx = at::empty(
        {batch, pooling.channels, pooling.in[0], pooling.in[1], pooling.in[2]}, dy.options(),
        at::MemoryFormat::ChannelsLast3d);
    typed(dy, [&](auto *type) {
      using T = std::remove_pointer_t<decltype(type)>;
      at::parallel_for(0, batch, 1, [&](int64_t begin, int64_t end) {
        // Gradients of overlapping windows are added up in float.
        std::vector<float> sum(static_cast<size_t>(pooling.input_size()));
        for (int64_t n = begin; n < end; ++n) {
          std::fill(sum.begin(), sum.end(), 0.0f);
          const T *up = data<T>(dy) + n * pooling.output_size();
          const uint8_t *cell = cells.data_ptr<uint8_t>() + n * pooling.output_size();
          scatter(pooling, up, cell, sum.data());
          T *down = data<T>(dx) + n * pooling.input_size();
          CTORCH_KERNEL(narrow(sum.data(), down, pooling.input_size()))
        }
      });
    });
    return {dx, at::Tensor()};
  }

  template <typename T>
  static void scatter(const Pooling &pooling, const T *dy, const uint8_t *cell, float *dx) {
    int64_t offsets[256];
    for (int64_t t = 0, i = 0; t < pooling.kernel[0]; ++t) {
      for (int64_t h = 0; h < pooling.kernel[1]; ++h) {
        for (int64_t w = 0; w < pooling.kernel[2]; ++w, ++i) {
          offsets[i] = ((t * pooling.in[1] + h) * pooling.in[2] + w) * pooling.channels;
        }
      }
    }
    for (int64_t t = 0; t < pooling.out[0]; ++t) {
      for (int64_t h = 0; h < pooling.out[1]; ++h) {
        for (int64_t w = 0; w < pooling.out[2]; ++w) {
          int64_t frame = t * pooling.stride[0] - pooling.padding[0], row = h * pooling.stride[1] - pooling.padding[1],
                  column = w * pooling.stride[2] - pooling.padding[2];
          int64_t origin = ((frame * pooling.in[1] + row) * pooling.in[2] + column) * pooling.channels;
          for (int64_t c = 0; c < pooling.channels; ++c) dx[origin + offsets[cell[c]] + c] += portable::load(dy + c);
          dy += pooling.channels;
          cell += pooling.channels;
        }
      }
    }
  }
};

}  // namespace

bool is_channels_last(const at::Tensor &x) {
  return x.device().is_cpu() && (x.dim() == 4 || x.dim() == 5) && x.numel() > 0 &&
         (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.is_contiguous(format(x.dim()));
}

at::Tensor normalize_channels_last(
    const at::Tensor &x, const at::Tensor &gamma, const at::Tensor &beta, const at::Tensor &mean,
    const at::Tensor &variance, bool batch_statistics, double momentum, double epsilon, bool relu) {
  return Normalization::apply(x, gamma, beta, mean, variance, batch_statistics, momentum, epsilon, relu);
}

bool can_pool(const at::Tensor &x, at::IntArrayRef kernel) {
  return is_channels_last(x) && kernel.size() == 3 && kernel[0] * kernel[1] * kernel[2] <= 256;
}

at::Tensor max_pool_channels_last(
    const at::Tensor &x, at::IntArrayRef kernel, at::IntArrayRef stride, at::IntArrayRef padding, bool ceil) {
  Pooling pooling;
  pooling.channels = x.size(1);
  for (size_t axis = 0; axis < 3; ++axis) {
    pooling.kernel[axis] = kernel[axis];
    pooling.stride[axis] = stride[axis];
    pooling.padding[axis] = padding[axis];
    int64_t size = pooling.in[axis] = x.size(static_cast<int64_t>(axis) + 2);
    int64_t room = size + 2 * padding[axis] - kernel[axis];
    TORCH_CHECK(
        stride[axis] > 0 && padding[axis] * 2 <= kernel[axis] && (room >= 0 || ceil), "a window of ", kernel[axis],
        " does not fit into ", size);
    int64_t out = (room + (ceil ? stride[axis] - 1 : 0)) / stride[axis] + 1;
    // The last window must start inside.
    if (ceil && (out - 1) * stride[axis] >= size + padding[axis]) --out;
    pooling.out[axis] = out;
  }
  int64_t shape[sizeof(Pooling) / sizeof(int64_t)];
  std::memcpy(shape, &pooling, sizeof(pooling));
  return MaxPool::apply(x, at::IntArrayRef(shape, sizeof(Pooling) / sizeof(int64_t)));
}

}  // namespace ctorch
