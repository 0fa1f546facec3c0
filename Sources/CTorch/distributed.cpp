// libtorch's process groups, and gradients averaged in buckets while backward runs.
//
// libtorch's own reducer changes its interface with every version; the hooks, groups and work handles used here have
// been stable since 1.13.
#ifndef USE_C10D_GLOO
#define USE_C10D_GLOO  // libtorch's header hides the class unless asked for it
#endif
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef CTORCH_NCCL
#define USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <torch/csrc/autograd/custom_function.h>

#include <chrono>
#include <memory>

#include "internal.hpp"

using namespace ctorch;

#if TORCH_VERSION_MAJOR >= 2
using Transport = c10d::Backend;
#else
using Transport = c10d::ProcessGroup;
#endif

struct ctorch_group_s {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<Transport> backend;
  int size;
};

namespace {

struct Bucket {
  std::vector<size_t> members;
  std::vector<int64_t> offsets;
  at::Tensor flat;
  size_t waiting = 0;
  decltype(std::declval<Transport &>().allreduce(std::declval<std::vector<at::Tensor> &>())) work;
  std::vector<at::Tensor> sent;
};

}  // namespace

struct ctorch_reducer_s {
  ctorch_group group;
  std::vector<at::Tensor> parameters;
  std::vector<size_t> bucket_of, place_of;
  std::vector<bool> ready;
  std::vector<unsigned> hooks;
  std::vector<Bucket> buckets;
  size_t next = 0;
  bool armed = false;

  void fill(size_t index, const at::Tensor &gradient) {
    Bucket &bucket = buckets[bucket_of[index]];
    int64_t offset = bucket.offsets[place_of[index]];
    at::Tensor part = bucket.flat.narrow(0, offset, parameters[index].numel());
    const at::Tensor &former = parameters[index].grad();
    part.copy_(gradient.reshape({-1}));
    // Gradients from earlier backward passes of this step.
    if (former.defined()) part.add_(former.reshape({-1}));
    ready[index] = true;
    bucket.waiting -= 1;
    while (next < buckets.size() && buckets[next].waiting == 0) send(buckets[next++]);
  }

  void send(Bucket &bucket) {
    bucket.flat.div_(group->size);
    bucket.sent = {bucket.flat};
    bucket.work = group->backend->allreduce(bucket.sent);
  }
};

namespace {

// A sum over the ranks that autograd can differentiate.
struct SumOverRanks : torch::autograd::Function<SumOverRanks> {
  static at::Tensor total(int64_t group, const at::Tensor &x) {
    std::vector<at::Tensor> values = {x.detach().clone(at::MemoryFormat::Contiguous)};
    reinterpret_cast<ctorch_group>(group)->backend->allreduce(values)->wait();
    return values[0];
  }

  static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &x, int64_t group) {
    context->saved_data["group"] = group;
    return total(group, x);
  }

  static torch::autograd::variable_list backward(
      torch::autograd::AutogradContext *context, const torch::autograd::variable_list &gradients) {
    return {total(context->saved_data["group"].toInt(), gradients[0]), at::Tensor()};
  }
};

}  // namespace

ctorch_tensor ctorch_group_differentiable_sum(ctorch_group group, ctorch_tensor x) {
  return making([&] { return SumOverRanks::apply(x->value, reinterpret_cast<int64_t>(group)); });
}

bool ctorch_nccl_available(void) {
#ifdef CTORCH_NCCL
  return true;
#else
  return false;
#endif
}

ctorch_group ctorch_group_join(
    const char *host, int port, int rank, int size, int64_t timeout_ms, bool nccl, int where) {
  return guarded(static_cast<ctorch_group>(nullptr), [&] {
    std::chrono::milliseconds timeout(timeout_ms);
    c10d::TCPStoreOptions meeting;
    meeting.port = static_cast<uint16_t>(port);
    meeting.isServer = rank == 0;
    meeting.numWorkers = static_cast<size_t>(size);
    meeting.timeout = timeout;
    c10::intrusive_ptr<c10d::Store> store = c10::make_intrusive<c10d::TCPStore>(std::string(host), meeting);
    if (nccl) {
#ifdef CTORCH_NCCL
      (void)where;
      auto options = c10d::ProcessGroupNCCL::Options::create();
      options->timeout = timeout;
      c10::intrusive_ptr<Transport> backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
      return new ctorch_group_s{store, backend, size};
#else
      throw std::runtime_error("this libtorch has no NCCL");
#endif
    }
    (void)where;
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    // Ranks on one machine do not need its host name, which may not resolve.
    bool local = std::string(host) == "127.0.0.1" || std::string(host) == "localhost";
    options->devices.push_back(
        local ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
              : c10d::ProcessGroupGloo::createDefaultDevice());
    c10::intrusive_ptr<Transport> backend = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
    return new ctorch_group_s{store, backend, size};
  });
}

void ctorch_group_leave(ctorch_group group) { delete group; }

int ctorch_group_sum(ctorch_group group, ctorch_tensor x) {
  return acting([&] {
    at::NoGradGuard quiet;
    // A group can only send dense row-major memory.
    at::Tensor dense = x->value.contiguous();
    std::vector<at::Tensor> values = {dense};
    group->backend->allreduce(values)->wait();
    if (!dense.is_same(x->value)) x->value.copy_(dense);
  });
}

int ctorch_group_broadcast(ctorch_group group, ctorch_tensor x) {
  return acting([&] {
    at::NoGradGuard quiet;
    at::Tensor dense = x->value.contiguous();
    std::vector<at::Tensor> values = {dense};
    group->backend->broadcast(values)->wait();
    if (!dense.is_same(x->value)) x->value.copy_(dense);
  });
}

ctorch_tensor ctorch_group_gather(ctorch_group group, ctorch_tensor x) {
  return making([&] {
    at::NoGradGuard quiet;
    std::vector<at::Tensor> own = {x->value.detach().contiguous()};
    std::vector<std::vector<at::Tensor>> all(1);
    for (int i = 0; i < group->size; ++i) all[0].push_back(at::empty_like(own[0]));
    group->backend->allgather(all, own)->wait();
    return at::cat(all[0], 0);
  });
}

int ctorch_group_barrier(ctorch_group group) {
  return acting([&] { group->backend->barrier()->wait(); });
}

ctorch_reducer ctorch_reducer_create(
    ctorch_group group, const ctorch_tensor *handles, int count, int64_t bucket_bytes) {
  return guarded(static_cast<ctorch_reducer>(nullptr), [&] {
    auto reducer = std::make_unique<ctorch_reducer_s>();
    reducer->group = group;
    reducer->parameters = tensors(handles, count);
    size_t total = reducer->parameters.size();
    reducer->bucket_of.resize(total);
    reducer->place_of.resize(total);
    reducer->ready.assign(total, false);
    int64_t length = 0;
    auto close = [&](Bucket &bucket) {
      bucket.flat = at::zeros({length}, reducer->parameters[bucket.members.front()].options().requires_grad(false));
      length = 0;
    };
    // Backward produces the last layers' gradients first.
    for (size_t i = total; i-- > 0;) {
      const at::Tensor &parameter = reducer->parameters[i];
      bool full = length * static_cast<int64_t>(parameter.element_size()) >= bucket_bytes;
      if (reducer->buckets.empty() || full) {
        if (!reducer->buckets.empty()) close(reducer->buckets.back());
        reducer->buckets.emplace_back();
      }
      Bucket &bucket = reducer->buckets.back();
      reducer->bucket_of[i] = reducer->buckets.size() - 1;
      reducer->place_of[i] = bucket.members.size();
      bucket.members.push_back(i);
      bucket.offsets.push_back(length);
      length += parameter.numel();
    }
    if (!reducer->buckets.empty()) close(reducer->buckets.back());
    ctorch_reducer_s *raw = reducer.get();
    for (size_t i = 0; i < total; ++i) {
      reducer->hooks.push_back(reducer->parameters[i].register_hook([raw, i](const at::Tensor &gradient) {
        if (raw->armed && !raw->ready[i]) {
          at::NoGradGuard quiet;
          raw->fill(i, gradient);
        }
        return gradient;
      }));
    }
    return reducer.release();
  });
}

void ctorch_reducer_release(ctorch_reducer reducer) {
  for (size_t i = 0; i < reducer->hooks.size(); ++i) reducer->parameters[i].remove_hook(reducer->hooks[i]);
  delete reducer;
}

int ctorch_reducer_begin(ctorch_reducer reducer) {
  return acting([&] {
    reducer->next = 0;
    reducer->ready.assign(reducer->parameters.size(), false);
    for (auto &bucket : reducer->buckets) bucket.waiting = bucket.members.size();
    reducer->armed = true;
  });
}

int ctorch_reducer_finish(ctorch_reducer reducer) {
  return acting([&] {
    at::NoGradGuard quiet;
    reducer->armed = false;
    // Unused parameters count as zero, on every rank alike.
    for (size_t i = reducer->parameters.size(); i-- > 0;) {
      if (!reducer->ready[i]) reducer->fill(i, at::zeros_like(reducer->parameters[i]));
    }
    for (auto &bucket : reducer->buckets) {
      bucket.work->wait();
      for (size_t place = 0; place < bucket.members.size(); ++place) {
        at::Tensor &parameter = reducer->parameters[bucket.members[place]];
        at::Tensor part = bucket.flat.narrow(0, bucket.offsets[place], parameter.numel()).view(parameter.sizes());
        if (parameter.grad().defined()) {
          parameter.mutable_grad().copy_(part);
        } else {
          parameter.mutable_grad() = part.clone();
        }
      }
    }
  });
}
