/* A C interface to the parts of libtorch that training needs.
 *
 * Every call catches all C++ exceptions. A call that returns a handle returns NULL when it failed, one that returns int
 * returns 0 for success and -1 for failure; ctorch_last_error() then has libtorch's message, for the calling thread.
 * A handle is one reference to a tensor and is given back with ctorch_release. Shapes and lists of axes are int64_t.
 */
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ctorch_tensor_s *ctorch_tensor;
typedef struct ctorch_optimizer_s *ctorch_optimizer;
typedef struct ctorch_group_s *ctorch_group;
typedef struct ctorch_reducer_s *ctorch_reducer;
typedef struct ctorch_pending_s *ctorch_pending;

/* libtorch's message for this thread's last failure; valid until the next one. */
const char *ctorch_last_error(void);
/* Handles not yet released, over all threads. */
int64_t ctorch_live_handles(void);

enum ctorch_type { CTORCH_F32 = 0, CTORCH_F64 = 1, CTORCH_BF16 = 2, CTORCH_I64 = 3, CTORCH_U8 = 4, CTORCH_OTHER = 5 };

/* The library */
const char *ctorch_version(void);
void ctorch_set_threads(int count);
/* Keeps freed memory in the process: every step allocates the same tensors as the one before. */
void ctorch_keep_memory(void);
/* Treats denormal numbers as zero, in this thread and those it starts: a CPU takes many times as long
 * to compute with them. */
void ctorch_flush_denormals(void);
/* Sets how CUDA computes: fastest algorithms by trial, and whether float32 may be rounded to TF32. */
void ctorch_set_cuda_arithmetic(bool tf32);
bool ctorch_cuda_available(void);
int ctorch_cuda_count(void);
/* Most bytes held on a CUDA device since the start; 0 if built without CUDA's headers. */
int64_t ctorch_cuda_peak_bytes(int device);
int ctorch_synchronize(int device);
int ctorch_manual_seed(uint64_t seed);

/* Modes of the calling thread; each returns the previous value. */
bool ctorch_set_gradients(bool enabled);
bool ctorch_set_autocast(bool cuda, bool enabled);
void ctorch_clear_autocast_cache(void);

/* Life of a handle. `device` is -1 for the CPU, else a CUDA ordinal. */
ctorch_tensor ctorch_from_bytes(const void *values, int type, const int64_t *shape, int rank, int device);
/* Converts picture bytes 0...255 to floats -1...1. */
ctorch_tensor ctorch_from_pixels(const uint8_t *pixels, const int64_t *shape, int rank, int device);
ctorch_tensor ctorch_full(double value, int type, const int64_t *shape, int rank, int device);
ctorch_tensor ctorch_retain(ctorch_tensor x);
void ctorch_release(ctorch_tensor x);
int ctorch_rank(ctorch_tensor x);
int64_t ctorch_size(ctorch_tensor x, int axis);
int ctorch_type_of(ctorch_tensor x);
int ctorch_device_of(ctorch_tensor x);
/* Copies all values, row-major, as `type`, into `out` of `bytes` bytes. */
int ctorch_read(ctorch_tensor x, int type, void *out, size_t bytes);
bool ctorch_same(ctorch_tensor a, ctorch_tensor b);

/* Autograd */
int ctorch_backward(ctorch_tensor loss);
int ctorch_require_gradient(ctorch_tensor x, bool required);
bool ctorch_requires_gradient(ctorch_tensor x);
/* The gradient, or NULL with an empty message when there is none. */
ctorch_tensor ctorch_gradient(ctorch_tensor x);
int ctorch_clear_gradient(ctorch_tensor x);
ctorch_tensor ctorch_detach(ctorch_tensor x);

/* In place, to be called with gradients off */
int ctorch_copy_into(ctorch_tensor target, ctorch_tensor source);
int ctorch_scale(ctorch_tensor x, double factor);
int ctorch_add_into(ctorch_tensor target, ctorch_tensor source, double factor);
int ctorch_put_rows(ctorch_tensor target, ctorch_tensor rows, ctorch_tensor source);
ctorch_tensor ctorch_clone(ctorch_tensor x);

/* Shape and type */
ctorch_tensor ctorch_to(ctorch_tensor x, int type, int device);
/* Channels last for rank 4 and 5, else contiguous. */
ctorch_tensor ctorch_channels_last(ctorch_tensor x);
ctorch_tensor ctorch_reshape(ctorch_tensor x, const int64_t *shape, int rank);
ctorch_tensor ctorch_permute(ctorch_tensor x, const int64_t *axes, int rank);
ctorch_tensor ctorch_expand(ctorch_tensor x, const int64_t *shape, int rank);
ctorch_tensor ctorch_narrow(ctorch_tensor x, int axis, int64_t start, int64_t length);
ctorch_tensor ctorch_concatenate(const ctorch_tensor *parts, int count, int axis);
ctorch_tensor ctorch_rows(ctorch_tensor x, ctorch_tensor indices);
/* Pads with zeros; `amounts` holds (before, after) from the last axis backwards. */
ctorch_tensor ctorch_pad(ctorch_tensor x, const int64_t *amounts, int count);

/* Arithmetic; shapes broadcast */
ctorch_tensor ctorch_add(ctorch_tensor a, ctorch_tensor b);
ctorch_tensor ctorch_subtract(ctorch_tensor a, ctorch_tensor b);
ctorch_tensor ctorch_multiply(ctorch_tensor a, ctorch_tensor b);
ctorch_tensor ctorch_divide(ctorch_tensor a, ctorch_tensor b);
/* x * factor + offset */
ctorch_tensor ctorch_affine(ctorch_tensor x, double factor, double offset);
ctorch_tensor ctorch_matmul(ctorch_tensor a, ctorch_tensor b);

enum ctorch_function {
  CTORCH_EXP, CTORCH_LOG, CTORCH_LOG1P, CTORCH_TANH, CTORCH_SIGMOID, CTORCH_RELU, CTORCH_ELU, CTORCH_ABS, CTORCH_SQRT,
  CTORCH_SQUARE, CTORCH_RELU_IN_PLACE
};
ctorch_tensor ctorch_apply(ctorch_tensor x, int function);
ctorch_tensor ctorch_clamp(ctorch_tensor x, double low, double high);
/* Sum or mean over axes, all when count is 0. */
ctorch_tensor ctorch_sum(ctorch_tensor x, const int64_t *axes, int count, bool keep);
ctorch_tensor ctorch_mean(ctorch_tensor x, const int64_t *axes, int count, bool keep);
ctorch_tensor ctorch_softmax(ctorch_tensor x, int axis);
ctorch_tensor ctorch_argmax(ctorch_tensor x, int axis);

/* Layers */
/* Convolution over the axes after (N, C), 2 or 3 of them according to stride, zero padding before and after, and weight. */
ctorch_tensor ctorch_convolution(
    ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias, const int64_t *stride, const int64_t *front,
    const int64_t *back, int axes);
ctorch_tensor ctorch_linear(ctorch_tensor x, ctorch_tensor weight, ctorch_tensor bias);
/* Pads with minus infinity; `ceil` lets the last window reach over the edge. */
ctorch_tensor ctorch_max_pool(
    ctorch_tensor x, const int64_t *kernel, const int64_t *stride, const int64_t *padding, int axes, bool ceil);
ctorch_tensor ctorch_average_pool3d(ctorch_tensor x, const int64_t *kernel);
/* Updates mean and variance in place when `batch_statistics`; with `relu`, nothing below zero comes out. */
ctorch_tensor ctorch_batch_norm(
    ctorch_tensor x, ctorch_tensor scale, ctorch_tensor offset, ctorch_tensor mean, ctorch_tensor variance,
    bool batch_statistics, double momentum, double epsilon, bool relu);
ctorch_tensor ctorch_dropout(ctorch_tensor x, double probability);
/* Mean negative log-likelihood of int64 classes. */
ctorch_tensor ctorch_cross_entropy(ctorch_tensor logits, ctorch_tensor classes, double smoothing);
/* Mean binary cross-entropy of logits. */
ctorch_tensor ctorch_binary_cross_entropy(ctorch_tensor logits, ctorch_tensor targets);

/* All parameters at once */
/* Euclidean norm over all gradients, a tensor of one value; above `limit` the gradients are scaled down to it. A limit of
 * 0 leaves them; `parameters[i]` without a gradient counts as zero. Does not wait for a GPU. */
ctorch_tensor ctorch_clip_gradients(const ctorch_tensor *parameters, int count, double limit);
/* Moves every target by `share` of the way to its source; equal values stay bit-identical. */
int ctorch_lerp_all(const ctorch_tensor *targets, const ctorch_tensor *sources, int count, double share);
/* Exchanges the memory of the tensors of each pair; nothing is copied. */
int ctorch_exchange_all(const ctorch_tensor *a, const ctorch_tensor *b, int count);

/* Number of rows of `logits` [N, K] whose largest value is at their class [N] (int64), a tensor of one float. */
ctorch_tensor ctorch_count_correct(ctorch_tensor logits, ctorch_tensor classes);
/* Reads values while the device keeps working: `begin` starts, the reader waits for it. */
ctorch_pending ctorch_pending_begin(ctorch_tensor x);
int ctorch_pending_finish(ctorch_pending pending, double *out, int count);
void ctorch_pending_release(ctorch_pending pending);

/* Optimisers of libtorch. Parameters belong to groups in the order added. */
ctorch_optimizer ctorch_sgd(double momentum, bool nesterov);
ctorch_optimizer ctorch_adam(double beta1, double beta2, double epsilon, bool decoupled_decay);
void ctorch_optimizer_release(ctorch_optimizer optimizer);
int ctorch_optimizer_add_group(ctorch_optimizer optimizer, const ctorch_tensor *parameters, int count, double decay);
int ctorch_optimizer_step(ctorch_optimizer optimizer, const double *rates, int groups);
/* State of one parameter: slot 0 is the momentum buffer or Adam's mean, slot 1 Adam's square mean. NULL with an empty
 * message before the first step. */
ctorch_tensor ctorch_optimizer_state(ctorch_optimizer optimizer, ctorch_tensor parameter, int slot);
int64_t ctorch_optimizer_steps(ctorch_optimizer optimizer, ctorch_tensor parameter);
int ctorch_optimizer_restore(
    ctorch_optimizer optimizer, ctorch_tensor parameter, ctorch_tensor slot0, ctorch_tensor slot1, int64_t steps);

/* Data-parallel training. The group meets at host:port, where rank 0 listens. */
bool ctorch_nccl_available(void);
ctorch_group ctorch_group_join(
    const char *host, int port, int rank, int size, int64_t timeout_ms, bool nccl, int device);
void ctorch_group_leave(ctorch_group group);
/* Sum over the ranks, in place. */
int ctorch_group_sum(ctorch_group group, ctorch_tensor x);
/* Sum over the ranks; backward sums the gradient over the ranks. */
ctorch_tensor ctorch_group_differentiable_sum(ctorch_group group, ctorch_tensor x);
/* Rank 0's values, in place. */
int ctorch_group_broadcast(ctorch_group group, ctorch_tensor x);
/* The ranks' tensors concatenated along axis 0; all must have the same shape. No gradient. */
ctorch_tensor ctorch_group_gather(ctorch_group group, ctorch_tensor x);
int ctorch_group_barrier(ctorch_group group);
/* Averages gradients over the ranks in buckets while backward runs: `begin` before the last backward of a step, `finish`
 * after it. Buckets go out in the same order on every rank, last parameters first, as backward makes them. */
ctorch_reducer ctorch_reducer_create(
    ctorch_group group, const ctorch_tensor *parameters, int count, int64_t bucket_bytes);
void ctorch_reducer_release(ctorch_reducer reducer);
int ctorch_reducer_begin(ctorch_reducer reducer);
int ctorch_reducer_finish(ctorch_reducer reducer);

#ifdef __cplusplus
}
#endif
#endif
