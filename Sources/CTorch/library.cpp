// What concerns the whole library: errors, devices, threads, seeds, modes.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/cuda.h>

#if __has_include(<c10/cuda/CUDACachingAllocator.h>) && defined(CTORCH_CUDA)
#include <c10/cuda/CUDACachingAllocator.h>
#define CTORCH_HAS_CUDA_ALLOCATOR 1
#endif

#include <malloc.h>

#include <climits>

#include "internal.hpp"

namespace ctorch {
std::atomic<int64_t> live_handles{0};
namespace {
thread_local std::string last_error;
}
void remember(const char *message) { last_error = message; }
}  // namespace ctorch

using namespace ctorch;

const char *ctorch_last_error(void) { return last_error.c_str(); }

int64_t ctorch_live_handles(void) { return live_handles.load(); }

const char *ctorch_version(void) { return TORCH_VERSION; }

void ctorch_set_threads(int count) { at::set_num_threads(count); }

void ctorch_keep_memory(void) {
  // By default glibc returns every large block to the kernel, which clears its pages again for the next step.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

void ctorch_flush_denormals(void) { at::globalContext().setFlushDenormal(true); }

void ctorch_set_cuda_arithmetic(bool tf32) {
  at::globalContext().setBenchmarkCuDNN(true);
  // By default cuDNN uses TF32, with ten bits of mantissa, under the name of float32.
  at::globalContext().setAllowTF32CuDNN(tf32);
  at::globalContext().setAllowTF32CuBLAS(tf32);
}

bool ctorch_cuda_available(void) {
  return guarded(false, [] { return torch::cuda::is_available(); });
}

int ctorch_cuda_count(void) {
  return guarded(0, [] { return static_cast<int>(torch::cuda::device_count()); });
}

int64_t ctorch_cuda_peak_bytes(int device) {
#ifdef CTORCH_HAS_CUDA_ALLOCATOR
  return guarded(static_cast<int64_t>(0), [&] {
    auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(static_cast<c10::DeviceIndex>(device));
    return static_cast<int64_t>(stats.reserved_bytes[0].peak);
  });
#else
  (void)device;
  return 0;
#endif
}

int ctorch_synchronize(int device) {
  return acting([&] {
    if (device >= 0) torch::cuda::synchronize(device);
  });
}

int ctorch_manual_seed(uint64_t seed) {
  return acting([&] {
    auto set = [&](at::Generator generator) {
      std::lock_guard<std::mutex> lock(generator.mutex());
      generator.set_current_seed(seed);
    };
    set(at::globalContext().defaultGenerator(at::kCPU));
    for (int i = 0, count = ctorch_cuda_count(); i < count; ++i) {
      set(at::globalContext().defaultGenerator(device(i)));
    }
  });
}

bool ctorch_set_gradients(bool enabled) {
  bool former = at::GradMode::is_enabled();
  at::GradMode::set_enabled(enabled);
  return former;
}

bool ctorch_set_autocast(bool cuda, bool enabled) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  auto kind = cuda ? at::kCUDA : at::kCPU;
  bool former = at::autocast::is_autocast_enabled(kind);
  at::autocast::set_autocast_dtype(kind, at::kBFloat16);
  at::autocast::set_autocast_enabled(kind, enabled);
#else
  bool former = cuda ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
  if (cuda) {
    at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
    at::autocast::set_enabled(enabled);
  } else {
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_cpu_enabled(enabled);
  }
#endif
  return former;
}

void ctorch_clear_autocast_cache(void) { at::autocast::clear_cache(); }
