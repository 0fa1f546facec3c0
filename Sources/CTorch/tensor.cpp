// Tensor handles, values and gradients.
#include <torch/autograd.h>

#include <cstring>

#include "internal.hpp"

using namespace ctorch;

namespace {

// Memory to copy from: pinned for a GPU, which then copies asynchronously; libtorch frees it when the copy is done.
at::Tensor staging(at::IntArrayRef shape, at::ScalarType type, int where) {
  return at::empty(shape, at::TensorOptions(type).pinned_memory(where >= 0));
}

}  // namespace

ctorch_tensor ctorch_from_bytes(const void *values, int type, const int64_t *shape, int rank, int where) {
  return making([&] {
    // Copied, because the caller may free its memory at once.
    at::Tensor host = staging(list(shape, rank), scalar_type(type), where);
    if (host.nbytes() > 0) std::memcpy(host.data_ptr(), values, host.nbytes());
    return host.to(device(where), /*non_blocking=*/true);
  });
}

ctorch_tensor ctorch_from_pixels(const uint8_t *pixels, const int64_t *shape, int rank, int where) {
  return making([&] {
    if (where >= 0) {
      at::Tensor host = staging(list(shape, rank), at::kByte, where);
      std::memcpy(host.data_ptr(), pixels, host.nbytes());
      // Transfer bytes and convert to floats on the device.
      return host.to(device(where), /*non_blocking=*/true).to(at::kFloat).mul_(1 / 127.5).sub_(1);
    }
    // A loop on the calling thread: libtorch's own would take cores from the trainer.
    at::Tensor values = at::empty(list(shape, rank), at::TensorOptions(at::kFloat));
    float *out = values.data_ptr<float>();
    for (int64_t i = 0, count = values.numel(); i < count; ++i) {
      out[i] = static_cast<float>(pixels[i]) * (1 / 127.5f) - 1;
    }
    return values;
  });
}

ctorch_tensor ctorch_full(double value, int type, const int64_t *shape, int rank, int where) {
  return making([&] {
    return at::full(list(shape, rank), value, at::TensorOptions(scalar_type(type)).device(device(where)));
  });
}

ctorch_tensor ctorch_retain(ctorch_tensor x) { return handle(x->value); }

void ctorch_release(ctorch_tensor x) {
  live_handles.fetch_sub(1, std::memory_order_relaxed);
  delete x;
}

int ctorch_rank(ctorch_tensor x) { return static_cast<int>(x->value.dim()); }

int64_t ctorch_size(ctorch_tensor x, int axis) { return x->value.size(axis); }

int ctorch_type_of(ctorch_tensor x) {
  switch (x->value.scalar_type()) {
    case at::kFloat: return CTORCH_F32;
    case at::kDouble: return CTORCH_F64;
    case at::kBFloat16: return CTORCH_BF16;
    case at::kLong: return CTORCH_I64;
    case at::kByte: return CTORCH_U8;
    default: return CTORCH_OTHER;
  }
}

int ctorch_device_of(ctorch_tensor x) {
  return x->value.is_cuda() ? static_cast<int>(x->value.get_device()) : -1;
}

int ctorch_read(ctorch_tensor x, int type, void *out, size_t bytes) {
  return acting([&] {
    at::Tensor host = x->value.detach().to(at::kCPU, scalar_type(type)).contiguous();
    if (host.nbytes() != bytes) throw std::invalid_argument("the tensor's size differs from the reader's");
    if (bytes > 0) std::memcpy(out, host.data_ptr(), bytes);
  });
}

bool ctorch_same(ctorch_tensor a, ctorch_tensor b) { return a->value.is_same(b->value); }

int ctorch_backward(ctorch_tensor loss) {
  return acting([&] { loss->value.backward(); });
}

int ctorch_require_gradient(ctorch_tensor x, bool required) {
  return acting([&] { x->value.set_requires_grad(required); });
}

bool ctorch_requires_gradient(ctorch_tensor x) { return x->value.requires_grad(); }

ctorch_tensor ctorch_gradient(ctorch_tensor x) {
  return guarded(static_cast<ctorch_tensor>(nullptr), [&]() -> ctorch_tensor {
    remember("");
    const at::Tensor &gradient = x->value.grad();
    return gradient.defined() ? handle(gradient) : nullptr;
  });
}

int ctorch_clear_gradient(ctorch_tensor x) {
  return acting([&] { x->value.mutable_grad() = at::Tensor(); });
}

ctorch_tensor ctorch_detach(ctorch_tensor x) {
  return making([&] { return x->value.detach(); });
}

int ctorch_copy_into(ctorch_tensor target, ctorch_tensor source) {
  return acting([&] { target->value.copy_(source->value); });
}

int ctorch_scale(ctorch_tensor x, double factor) {
  return acting([&] { x->value.mul_(factor); });
}

int ctorch_add_into(ctorch_tensor target, ctorch_tensor source, double factor) {
  return acting([&] { target->value.add_(source->value, factor); });
}

int ctorch_put_rows(ctorch_tensor target, ctorch_tensor rows, ctorch_tensor source) {
  return acting([&] { target->value.index_copy_(0, rows->value, source->value); });
}

ctorch_tensor ctorch_clone(ctorch_tensor x) {
  return making([&] { return x->value.detach().clone(); });
}
