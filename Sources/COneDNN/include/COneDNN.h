/* The only place that calls oneDNN: a plain C face over its primitives.
 *
 * Tensors are dense with channels innermost (ndhwc, N = 1). A function that can fail returns NULL on success, or a text
 * that says what failed and stays valid until the same thread's next call. Debian 12 has oneDNN 2.6, Debian 13 has 3.7; all
 * differences between them are in versions.c.
 */
#ifndef CONEDNN_H
#define CONEDNN_H

#include <stddef.h>
#include <stdint.h>

enum { ODN_F32 = 0, ODN_BF16 = 1, ODN_U8 = 2 };

/* The memory slots of an operation. */
enum { ODN_DESTINATION = 0, ODN_WEIGHTS = 1, ODN_BIAS = 2, ODN_SCRATCHPAD = 3, ODN_SOURCE = 4, ODN_SLOTS = 5 };

typedef struct {
  int64_t frames, height, width;
} odn_extent;

typedef struct {
  int64_t channels;
  odn_extent extent;
  int32_t type;
} odn_tensor;

typedef struct {
  odn_extent size, stride, front, back;
} odn_window;

/* [rows, inner] times [inner, columns], row-major f32; `transposed`: the right side is stored as [columns, inner]. */
typedef struct {
  int64_t rows, inner, columns;
  int32_t transposed;
  int32_t has_bias; /* ODN_BIAS has a value for each column */
  int32_t adds;     /* to what the destination holds */
} odn_product;

typedef struct odn_operation odn_operation;

/* "3.7.2" and the instruction set its kernels use; static texts. */
const char *odn_version(void);
const char *odn_instruction_set(void);
/* 1 when the CPU multiplies bfloat16 natively. */
int odn_has_bf16(void);
/* 1 when it sums four products of bytes in one instruction. Without it two are summed in 16 bits, which may overflow. */
int odn_has_vnni(void);

/* Sets how many threads the calling thread's parallel regions use, in oneDNN and in this shim: at least 1, at most the
 * CPUs it may use. Returns the number set. */
int odn_set_threads(int threads);

/* What happens to a convolution's sums before they are stored. */
typedef enum { ODN_AS_IS = 0, ODN_RELU = 1, ODN_ADD_TO_DESTINATION = 2 } odn_finish;

/* Convolution with bias; weights in the kernel's preferred layout, see odn_pack_weights. The weights have the type of
 * the source, or s8 if that is u8; the bias is f32. `scales`, if not NULL, has a factor for each output channel's sums
 * and bias. */
const char *odn_convolution(const odn_tensor *source, const odn_tensor *destination, const odn_window *window,
  odn_finish finish, const float *scales, odn_operation **result);
/* Maximum over the window; padding is ignored. */
const char *odn_max_pool(
  const odn_tensor *source, const odn_tensor *destination, const odn_window *window, odn_operation **result);
/* Mean over the window; padding would count as zeros, so callers use none. */
const char *odn_average_pool(
  const odn_tensor *source, const odn_tensor *destination, const odn_window *window, odn_operation **result);
/* Matrix product; the right side is ODN_WEIGHTS. */
const char *odn_matrix_product(const odn_product *product, odn_operation **result);
/* Softmax of each row of a row-major f32 matrix. */
const char *odn_softmax(int64_t rows, int64_t columns, odn_operation **result);

void odn_destroy(odn_operation *operation);
/* oneDNN's name for the chosen kernel; "ref…" is a slow fallback. */
const char *odn_implementation(const odn_operation *operation);
/* Bytes the operation needs in a slot; 0 when it does not use the slot. */
size_t odn_bytes(const odn_operation *operation, int slot);
/* 1 when two operations use the same memory layout for a slot. */
int odn_same_layout(const odn_operation *a, const odn_operation *b, int slot);
/* Points a slot at memory of at least odn_bytes, 64-byte aligned for weights and scratchpad. */
const char *odn_bind(odn_operation *operation, int slot, void *memory);
/* Computes; every used slot must be bound. Allocates nothing. */
const char *odn_run(const odn_operation *operation);

/* How pixels are packed into the first convolution's channels. Position p of a row holds `pixels` neighbours, the first
 * of them at column stride * p - offset, with zeros outside the picture; `channels` is at least 3 * pixels. In u8 it is 4 * pixels:
 * bytes stay as they are, and after the pixels come `pixels` channels that are 255 inside the picture and 0 outside, so
 * that weights can tell black from nothing. */
typedef struct {
  odn_extent picture; /* what comes in: frames, height, width */
  int64_t first_frame, frames; /* which of its frames are packed; zeros for those it lacks */
  int64_t positions;  /* per row */
  int64_t pixels, stride, offset, channels;
  int32_t type;
} odn_packing;

/* Interleaved RGB bytes, T x H x W x 3, to packed values 2x - 255, which bfloat16 holds exactly: 255 times x/127.5 - 1. */
void odn_pack_pixels(const odn_packing *packing, const uint8_t *pixels, void *packed);
/* Floats in [-1, 1] in CTHW order to packed values 255 v. */
void odn_pack_floats(const odn_packing *packing, const float *values, void *packed);

/* Joins `count` dense tensors of `positions` positions along channels; part i has part_bytes[i] bytes per position. */
void odn_concatenate(int count, const void *const *parts, const int64_t *part_bytes, int64_t positions, void *joined);

/* Winograd's F(2x2, 3x3) over height and width: a 3x3 layer as 16 layers of 1x1 over tiles, with 2.25 times fewer
 * products. Tile (r, c) makes output rows 2r, 2r + 1 and columns 2c, 2c + 1. The work is cut into passes over a few
 * frames and rows of tiles, and each thread does whole passes on its own: a parallel region for every small product would
 * wait for a thread that another program keeps from running. */
typedef struct {
  odn_extent extent; /* of what it makes; its input has the same height and width */
  int64_t source_frames; /* those that are there; what is read before and after them is zeros */
  int64_t channels_in, channels_out; /* multiples of 8, up to 4096 */
  int64_t pass_frames, pass_rows;    /* divide the frames and the rows of tiles */
  int64_t kernel_frames, front_frames;
  int64_t transformed_bytes, product_bytes; /* from one of the 16 components to the next */
  int32_t source_type, destination_type; /* transformed inputs have the source's type, products are f32 */
  int32_t relu;
  int32_t threads;
  /* For each thread 16 products over time, [pass_frames + kernel_frames - 1, pass_rows, columns] without padding, bound to
   * the components of that thread's working memory. */
  odn_operation *const *products;
  /* For each thread: 16 transformed components, then 16 products. */
  void *const *working;
} odn_winograd;

const char *odn_winograd_run(const odn_winograd *layer, const void *source, const float *bias, void *destination);
/* One of the 16 components of `count` 3x3 kernels, one value of each. */
void odn_winograd_weights(int64_t count, const float *kernels, int component, float *transformed);

/* Lays out a convolution's f32 weights (out, in, time, height, width) for `operation`, into odn_bytes(ODN_WEIGHTS);
 * each output channel is multiplied by its scale. */
const char *odn_pack_weights(
  const odn_operation *operation, const float *weights, const float *scales, void *packed);
/* Lays out a convolution's bias, one for each output channel, into odn_bytes(ODN_BIAS). */
void odn_pack_bias(const odn_operation *operation, const float *bias, float *packed);
/* Copies a tensor out as f32 in NCTHW order. */
const char *odn_unpack(const odn_tensor *tensor, const void *values, float *ncthw);

#endif
