// libtorch's own optimisers, and access to their state for checkpoints.
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <memory>

#include "internal.hpp"

using namespace ctorch;

struct ctorch_optimizer_s {
  enum Kind { sgd, adam, adamw } kind;
  std::unique_ptr<torch::optim::Optimizer> optimizer;
};

namespace {

using torch::optim::AdamOptions;
using torch::optim::AdamParamState;
using torch::optim::AdamWOptions;
using torch::optim::AdamWParamState;
using torch::optim::SGDOptions;
using torch::optim::SGDParamState;

// The key of a parameter's state, which changed in libtorch 2.
auto key(const at::Tensor &parameter) {
#if TORCH_VERSION_MAJOR >= 2
  return static_cast<void *>(parameter.unsafeGetTensorImpl());
#else
  return c10::guts::to_string(parameter.unsafeGetTensorImpl());
#endif
}

torch::optim::OptimizerParamState *state(ctorch_optimizer optimizer, const at::Tensor &parameter) {
  auto &all = optimizer->optimizer->state();
  auto found = all.find(key(parameter));
  return found == all.end() ? nullptr : found->second.get();
}

ctorch_optimizer make(ctorch_optimizer_s::Kind kind, std::unique_ptr<torch::optim::Optimizer> optimizer) {
  return new ctorch_optimizer_s{kind, std::move(optimizer)};
}

std::vector<torch::optim::OptimizerParamGroup> none() { return {}; }

template <typename State>
at::Tensor moment(State &state, int slot) {
  return slot == 0 ? state.exp_avg() : state.exp_avg_sq();
}

}  // namespace

ctorch_optimizer ctorch_sgd(double momentum, bool nesterov) {
  return guarded(static_cast<ctorch_optimizer>(nullptr), [&] {
    // The rate is set before every step.
    auto options = SGDOptions(1).momentum(momentum).nesterov(nesterov);
    return make(ctorch_optimizer_s::sgd, std::make_unique<torch::optim::SGD>(none(), options));
  });
}

ctorch_optimizer ctorch_adam(double beta1, double beta2, double epsilon, bool decoupled_decay) {
  return guarded(static_cast<ctorch_optimizer>(nullptr), [&] {
    auto betas = std::make_tuple(beta1, beta2);
    if (decoupled_decay) {
      auto options = AdamWOptions(1).betas(betas).eps(epsilon).weight_decay(0);
      return make(ctorch_optimizer_s::adamw, std::make_unique<torch::optim::AdamW>(none(), options));
    }
    auto options = AdamOptions(1).betas(betas).eps(epsilon);
    return make(ctorch_optimizer_s::adam, std::make_unique<torch::optim::Adam>(none(), options));
  });
}

void ctorch_optimizer_release(ctorch_optimizer optimizer) { delete optimizer; }

int ctorch_optimizer_add_group(
    ctorch_optimizer optimizer, const ctorch_tensor *parameters, int count, double decay) {
  return acting([&] {
    auto options = optimizer->optimizer->defaults().clone();
    switch (optimizer->kind) {
      case ctorch_optimizer_s::sgd: static_cast<SGDOptions &>(*options).weight_decay(decay); break;
      case ctorch_optimizer_s::adam: static_cast<AdamOptions &>(*options).weight_decay(decay); break;
      case ctorch_optimizer_s::adamw: static_cast<AdamWOptions &>(*options).weight_decay(decay); break;
    }
    optimizer->optimizer->add_param_group({tensors(parameters, count), std::move(options)});
  });
}

int ctorch_optimizer_step(ctorch_optimizer optimizer, const double *rates, int groups) {
  return acting([&] {
    auto &all = optimizer->optimizer->param_groups();
    if (static_cast<size_t>(groups) != all.size()) throw std::invalid_argument("one rate per parameter group");
    for (int i = 0; i < groups; ++i) {
      auto &options = all[static_cast<size_t>(i)].options();
      switch (optimizer->kind) {
        case ctorch_optimizer_s::sgd: static_cast<SGDOptions &>(options).lr(rates[i]); break;
        case ctorch_optimizer_s::adam: static_cast<AdamOptions &>(options).lr(rates[i]); break;
        case ctorch_optimizer_s::adamw: static_cast<AdamWOptions &>(options).lr(rates[i]); break;
      }
    }
    optimizer->optimizer->step();
  });
}

ctorch_tensor ctorch_optimizer_state(ctorch_optimizer optimizer, ctorch_tensor parameter, int slot) {
  return guarded(static_cast<ctorch_tensor>(nullptr), [&]() -> ctorch_tensor {
    remember("");
    auto *found = state(optimizer, parameter->value);
    if (found == nullptr) return nullptr;
    at::Tensor value;
    switch (optimizer->kind) {
      case ctorch_optimizer_s::sgd:
        if (slot == 0) value = static_cast<SGDParamState &>(*found).momentum_buffer();
        break;
      case ctorch_optimizer_s::adam: value = moment(static_cast<AdamParamState &>(*found), slot); break;
      case ctorch_optimizer_s::adamw: value = moment(static_cast<AdamWParamState &>(*found), slot); break;
    }
    return value.defined() ? handle(value) : nullptr;
  });
}

int64_t ctorch_optimizer_steps(ctorch_optimizer optimizer, ctorch_tensor parameter) {
  return guarded(static_cast<int64_t>(-1), [&]() -> int64_t {
    auto *found = state(optimizer, parameter->value);
    if (found == nullptr) return 0;
    switch (optimizer->kind) {
      case ctorch_optimizer_s::sgd: return 0;
      case ctorch_optimizer_s::adam: return static_cast<AdamParamState &>(*found).step();
      case ctorch_optimizer_s::adamw: return static_cast<AdamWParamState &>(*found).step();
    }
    return 0;
  });
}

int ctorch_optimizer_restore(
    ctorch_optimizer optimizer, ctorch_tensor parameter, ctorch_tensor slot0, ctorch_tensor slot1, int64_t steps) {
  return acting([&] {
    auto moments = [&](auto restored) {
      if (slot1 == nullptr) throw std::invalid_argument("Adam keeps two moments");
      restored->step(steps);
      restored->exp_avg(slot0->value);
      restored->exp_avg_sq(slot1->value);
      optimizer->optimizer->state()[key(parameter->value)] = std::move(restored);
    };
    switch (optimizer->kind) {
      case ctorch_optimizer_s::sgd: {
        auto restored = std::make_unique<SGDParamState>();
        restored->momentum_buffer(slot0->value);
        optimizer->optimizer->state()[key(parameter->value)] = std::move(restored);
        break;
      }
      case ctorch_optimizer_s::adam: moments(std::make_unique<AdamParamState>()); break;
      case ctorch_optimizer_s::adamw: moments(std::make_unique<AdamWParamState>()); break;
    }
  });
}
