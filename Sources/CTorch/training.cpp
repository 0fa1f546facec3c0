// What a training step does to all parameters at once, and values read without waiting for the device.
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

#include "internal.hpp"

using namespace ctorch;

struct ctorch_pending_s {
  at::Tensor host;
  // Set when the copy is done; null if there was nothing to wait for.
  std::unique_ptr<c10::Event> copied;
};

ctorch_tensor ctorch_clip_gradients(const ctorch_tensor *parameters, int count, double limit) {
  return making([&] {
    std::vector<at::Tensor> gradients;
    for (int i = 0; i < count; ++i) {
      const at::Tensor &gradient = parameters[i]->value.grad();
      if (gradient.defined()) gradients.push_back(gradient);
    }
    if (gradients.empty()) return at::zeros({});
    at::Tensor norm = at::stack(at::_foreach_norm(gradients)).norm();
    if (limit <= 0) return norm;
    if (!norm.is_cuda()) {
      double length = norm.item<double>();
      if (length > limit) at::_foreach_mul_(gradients, limit / length);
      return norm;
    }
    // The host does not read the norm, because it would have to wait for it.
    at::Tensor factor = (limit / norm).clamp_max(1);
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 1)
    at::_foreach_mul_(gradients, factor);
#else
    for (at::Tensor &gradient : gradients) gradient.mul_(factor);
#endif
    return norm;
  });
}

int ctorch_lerp_all(const ctorch_tensor *targets, const ctorch_tensor *sources, int count, double share) {
  return acting([&] {
#if TORCH_VERSION_MAJOR >= 2
    // On a GPU, a single kernel for all.
    at::_foreach_lerp_(tensors(targets, count), tensors(sources, count), share);
#else
    for (int i = 0; i < count; ++i) targets[i]->value.lerp_(sources[i]->value, share);
#endif
  });
}

int ctorch_exchange_all(const ctorch_tensor *a, const ctorch_tensor *b, int count) {
  return acting([&] {
    for (int i = 0; i < count; ++i) {
      at::Tensor held = a[i]->value.data();
      a[i]->value.set_data(b[i]->value.data());
      b[i]->value.set_data(held);
    }
  });
}

ctorch_tensor ctorch_count_correct(ctorch_tensor logits, ctorch_tensor classes) {
  return making([&] { return logits->value.detach().argmax(1).eq(classes->value).sum().to(at::kFloat); });
}

ctorch_pending ctorch_pending_begin(ctorch_tensor x) {
  return guarded(static_cast<ctorch_pending>(nullptr), [&] {
    at::Tensor values = x->value.detach().to(at::kDouble).contiguous();
    if (!values.is_cuda()) return new ctorch_pending_s{values, nullptr};
    at::Tensor host = at::empty(values.sizes(), at::TensorOptions(at::kDouble).pinned_memory(true));
    host.copy_(values, /*non_blocking=*/true);
    auto copied = std::make_unique<c10::Event>(at::kCUDA);
    copied->record(c10::impl::VirtualGuardImpl(at::kCUDA).getStream(values.device()));
    return new ctorch_pending_s{host, std::move(copied)};
  });
}

int ctorch_pending_finish(ctorch_pending pending, double *out, int count) {
  return acting([&] {
    if (pending->host.numel() != count) throw std::invalid_argument("the number of values has changed since the read began");
    while (pending->copied && !pending->copied->query()) std::this_thread::sleep_for(std::chrono::microseconds(20));
    std::memcpy(out, pending->host.data_ptr(), sizeof(double) * static_cast<size_t>(count));
  });
}

void ctorch_pending_release(ctorch_pending pending) { delete pending; }
