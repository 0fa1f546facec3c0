// Convolutions of [N, C, T, H, W] on a CPU in channels-last memory, with oneDNN.
//
// Before version 2, libtorch rearranges the input and output of every such convolution, and every later layer is slow
// on the result. From version 2 on, libtorch keeps channels-last memory itself.
#include "convolution.hpp"

#if CTORCH_OWN_CONVOLUTION

#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <dnnl.hpp>

#include "channels_last.hpp"

namespace ctorch {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Kind = dnnl::memory::data_type;
using Tag = dnnl::memory::format_tag;

const dnnl::engine &engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

Kind kind(const at::Tensor &x) { return x.scalar_type() == at::kFloat ? Kind::f32 : Kind::bf16; }

// A convolution's sizes.
struct Shape {
  std::array<int64_t, 5> source, weight, output;
  std::array<int64_t, 3> stride, front, back;
  Kind type;
  bool has_bias;

  auto key() const { return std::tie(source, weight, stride, front, back, type, has_bias); }
  bool operator<(const Shape &other) const { return key() < other.key(); }

  template <size_t N>
  static dnnl::memory::dims dims(const std::array<int64_t, N> &values) {
    return dnnl::memory::dims(values.begin(), values.end());
  }
  dnnl::memory::desc source_memory() const { return {dims(source), type, Tag::ndhwc}; }
  dnnl::memory::desc output_memory() const { return {dims(output), type, Tag::ndhwc}; }
  // The parameter as stored, and in the kernel's layout.
  dnnl::memory::desc parameter_memory() const { return {dims(weight), Kind::f32, Tag::oidhw}; }
  dnnl::memory::desc weight_memory() const { return {dims(weight), type, Tag::any}; }
  dnnl::memory::desc weight_gradient_memory() const { return {dims(weight), Kind::f32, Tag::any}; }
  dnnl::memory::desc bias_memory() const {
    return has_bias ? dnnl::memory::desc({weight[0]}, Kind::f32, Tag::x) : dnnl::memory::desc();
  }
};

// Kernels for one shape, created once; they may run on several threads at once.
struct Kernels {
  dnnl::convolution_forward::primitive_desc forward;
  dnnl::convolution_backward_data::primitive_desc data;
  dnnl::convolution_backward_weights::primitive_desc weights;
  dnnl::convolution_forward run_forward;
  dnnl::convolution_backward_data run_data;
  dnnl::convolution_backward_weights run_weights;
  // Whether oneDNN has fast kernels for all three in channels-last memory.
  bool fast = false;

  explicit Kernels(const Shape &s) {
    using dnnl::algorithm;
    // The library's own scratch memory would belong to the thread that made the kernel; ours is passed with each call.
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    auto stride = Shape::dims(s.stride), front = Shape::dims(s.front), back = Shape::dims(s.back);
    try {
      forward = {
          {dnnl::prop_kind::forward_training, algorithm::convolution_direct, s.source_memory(), s.weight_memory(),
           s.bias_memory(), s.output_memory(), stride, front, back},
          attributes, engine()};
      data = {
          {algorithm::convolution_direct, s.source_memory(), s.weight_memory(), s.output_memory(), stride, front, back},
          attributes, engine(), forward};
      weights = {
          {algorithm::convolution_direct, s.source_memory(), s.weight_gradient_memory(), s.bias_memory(),
           s.output_memory(), stride, front, back},
          attributes, engine(), forward};
    } catch (const dnnl::error &) {
      return;
    }
    auto is_reference = [](const std::string &name) { return name.find("ref") != std::string::npos; };
    // The gradient with respect to pixels is never needed.
    bool needs_data = s.source[1] > 3;
    if (is_reference(forward.impl_info_str()) || is_reference(weights.impl_info_str()) ||
        (needs_data && is_reference(data.impl_info_str()))) {
      return;
    }
    run_forward = dnnl::convolution_forward(forward);
    run_data = dnnl::convolution_backward_data(data);
    run_weights = dnnl::convolution_backward_weights(weights);
    fast = true;
  }
};

const Kernels &kernels(const Shape &shape) {
  static std::mutex lock;
  static std::map<Shape, std::unique_ptr<Kernels>> known;
  std::lock_guard<std::mutex> guard(lock);
  auto &found = known[shape];
  if (!found) found = std::make_unique<Kernels>(shape);
  return *found;
}

dnnl::memory wrap(const dnnl::memory::desc &description, const at::Tensor &x) {
  return dnnl::memory(description, engine(), x.data_ptr());
}

// Memory in whatever layout a kernel asks for.
struct Scratch {
  at::Tensor bytes;
  dnnl::memory memory;

  explicit Scratch(const dnnl::memory::desc &description)
      : bytes(at::empty({static_cast<int64_t>(description.get_size())}, at::kByte)), memory(wrap(description, bytes)) {}
};

Scratch arranged(
    dnnl::stream &stream, const dnnl::memory::desc &from, const at::Tensor &x, const dnnl::memory::desc &to) {
  Scratch scratch(to);
  dnnl::memory source = wrap(from, x);
  dnnl::reorder(source, scratch.memory).execute(stream, source, scratch.memory);
  return scratch;
}

Shape shape_of(
    const at::Tensor &x, const at::Tensor &weight, bool has_bias, at::IntArrayRef stride, at::IntArrayRef front,
    at::IntArrayRef back) {
  Shape shape;
  shape.type = kind(x);
  shape.has_bias = has_bias;
  for (size_t i = 0; i < 5; ++i) {
    shape.source[i] = x.size(static_cast<int64_t>(i));
    shape.weight[i] = weight.size(static_cast<int64_t>(i));
  }
  shape.output = {shape.source[0], shape.weight[0]};
  for (size_t i = 0; i < 3; ++i) {
    shape.stride[i] = stride[i];
    shape.front[i] = front[i];
    shape.back[i] = back[i];
    shape.output[i + 2] = (shape.source[i + 2] + front[i] + back[i] - shape.weight[i + 2]) / stride[i] + 1;
  }
  return shape;
}

struct Convolution : torch::autograd::Function<Convolution> {
  static at::Tensor forward(
      AutogradContext *context, at::Tensor x, at::Tensor weight, c10::optional<at::Tensor> bias, at::IntArrayRef stride,
      at::IntArrayRef front, at::IntArrayRef back) {
    Shape shape = shape_of(x, weight, bias.has_value(), stride, front, back);
    const Kernels &ready = kernels(shape);
    at::Tensor y = at::empty(
        at::IntArrayRef(shape.output.data(), 5), x.options(), at::MemoryFormat::ChannelsLast3d);
    dnnl::stream stream(engine());
    at::Tensor dense = weight.contiguous();
    Scratch packed = arranged(stream, shape.parameter_memory(), dense, ready.forward.weights_desc());
    std::unordered_map<int, dnnl::memory> arguments = {
        {DNNL_ARG_SRC, wrap(shape.source_memory(), x)},
        {DNNL_ARG_WEIGHTS, packed.memory},
        {DNNL_ARG_DST, wrap(shape.output_memory(), y)}};
    if (bias) arguments.insert({DNNL_ARG_BIAS, wrap(shape.bias_memory(), *bias)});
    Scratch working(ready.forward.scratchpad_desc());
    arguments.insert({DNNL_ARG_SCRATCHPAD, working.memory});
    ready.run_forward.execute(stream, arguments);
    stream.wait();
    context->save_for_backward({x, dense});
    context->saved_data["bias"] = bias.has_value();
    context->saved_data["stride"] = stride.vec();
    context->saved_data["front"] = front.vec();
    context->saved_data["back"] = back.vec();
    return y;
  }

  static variable_list backward(AutogradContext *context, variable_list gradients) {
    at::Tensor x = context->get_saved_variables()[0], weight = context->get_saved_variables()[1];
    bool has_bias = context->saved_data["bias"].toBool();
    Shape shape = shape_of(
        x, weight, has_bias, context->saved_data["stride"].toIntVector(), context->saved_data["front"].toIntVector(),
        context->saved_data["back"].toIntVector());
    const Kernels &ready = kernels(shape);
    at::Tensor dy = gradients[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast3d);
    dnnl::stream stream(engine());
    at::Tensor dx, d_weight, d_bias;
    if (context->needs_input_grad(0)) {
      dx = at::empty(x.sizes(), x.options(), at::MemoryFormat::ChannelsLast3d);
      Scratch packed = arranged(stream, shape.parameter_memory(), weight, ready.data.weights_desc());
      Scratch working(ready.data.scratchpad_desc());
      ready.run_data.execute(
          stream, {{DNNL_ARG_SCRATCHPAD, working.memory},
                   {DNNL_ARG_DIFF_DST, wrap(shape.output_memory(), dy)},
                   {DNNL_ARG_WEIGHTS, packed.memory},
                   {DNNL_ARG_DIFF_SRC, wrap(shape.source_memory(), dx)}});
      stream.wait();
    }
    if (context->needs_input_grad(1)) {
      Scratch packed(ready.weights.diff_weights_desc());
      std::unordered_map<int, dnnl::memory> arguments = {
          {DNNL_ARG_SRC, wrap(shape.source_memory(), x)},
          {DNNL_ARG_DIFF_DST, wrap(shape.output_memory(), dy)},
          {DNNL_ARG_DIFF_WEIGHTS, packed.memory}};
      if (has_bias) {
        d_bias = at::empty({weight.size(0)}, weight.options());
        arguments.insert({DNNL_ARG_DIFF_BIAS, wrap(shape.bias_memory(), d_bias)});
      }
      Scratch working(ready.weights.scratchpad_desc());
      arguments.insert({DNNL_ARG_SCRATCHPAD, working.memory});
      ready.run_weights.execute(stream, arguments);
      d_weight = at::empty_like(weight);
      dnnl::memory parameter = wrap(shape.parameter_memory(), d_weight);
      dnnl::reorder(packed.memory, parameter).execute(stream, packed.memory, parameter);
      stream.wait();
    }
    at::Tensor none;
    return {dx, d_weight, d_bias, none, none, none};
  }
};

}  // namespace

bool convolve_channels_last(
    const at::Tensor &x, const at::Tensor &weight, const c10::optional<at::Tensor> &bias, at::IntArrayRef stride,
    at::IntArrayRef front, at::IntArrayRef back, at::Tensor &y) {
  if (!x.device().is_cpu() || x.dim() != 5 || weight.dim() != 5 || weight.scalar_type() != at::kFloat ||
      x.size(1) != weight.size(1)) {
    return false;
  }
  for (size_t i = 0; i < 3; ++i) {
    if (x.size(static_cast<int64_t>(i) + 2) + front[i] + back[i] < weight.size(static_cast<int64_t>(i) + 2)) return false;
  }
  bool lowers = at::autocast::is_cpu_enabled();
  at::Tensor from = lowers ? x.to(at::kBFloat16) : x;
  from = from.contiguous(at::MemoryFormat::ChannelsLast3d);
  if (!is_channels_last(from)) return false;
  if (!kernels(shape_of(from, weight, bias.has_value(), stride, front, back)).fast) return false;
  y = Convolution::apply(from, weight, bias, stride, front, back);
  return true;
}

}  // namespace ctorch

#endif
