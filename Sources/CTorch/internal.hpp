// Shared by the shim's files: handles, and the only place that catches C++ exceptions.
#pragma once

#include <ATen/ATen.h>
#include <torch/version.h>

#include <atomic>
#include <string>
#include <vector>

#include "ctorch.h"

struct ctorch_tensor_s {
  at::Tensor value;
};

namespace ctorch {

extern std::atomic<int64_t> live_handles;

void remember(const char *message);

inline ctorch_tensor handle(at::Tensor value) {
  live_handles.fetch_add(1, std::memory_order_relaxed);
  return new ctorch_tensor_s{std::move(value)};
}

// Runs `body`; if it throws, keeps the message and returns `failed`.
template <typename Result, typename Body>
Result guarded(Result failed, Body body) {
  try {
    return body();
  } catch (const c10::Error &error) {
    remember(error.what_without_backtrace());
  } catch (const std::exception &error) {
    remember(error.what());
  } catch (...) {
    remember("libtorch threw something that is not an exception");
  }
  return failed;
}

// A call that returns a tensor.
template <typename Body>
ctorch_tensor making(Body body) {
  return guarded(static_cast<ctorch_tensor>(nullptr), [&] { return handle(body()); });
}

// A call without a result.
template <typename Body>
int acting(Body body) {
  return guarded(-1, [&] {
    body();
    return 0;
  });
}

inline at::IntArrayRef list(const int64_t *values, int count) {
  return at::IntArrayRef(values, static_cast<size_t>(count));
}

inline std::vector<at::Tensor> tensors(const ctorch_tensor *handles, int count) {
  std::vector<at::Tensor> values;
  values.reserve(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) values.push_back(handles[i]->value);
  return values;
}

inline at::Device device(int ordinal) {
  return ordinal < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(ordinal));
}

inline at::ScalarType scalar_type(int type) {
  switch (type) {
    case CTORCH_F32: return at::kFloat;
    case CTORCH_F64: return at::kDouble;
    case CTORCH_BF16: return at::kBFloat16;
    case CTORCH_I64: return at::kLong;
    case CTORCH_U8: return at::kByte;
    default: throw std::invalid_argument("unknown scalar type");
  }
}

}  // namespace ctorch
