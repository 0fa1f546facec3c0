/* Winograd's minimal filtering F(2x2, 3x3): Y = Aᵀ ((G g Gᵀ) ⊙ (Bᵀ d B)) A (Lavin & Gray 2016). The products between
 * are done by oneDNN; the transforms here only add. */
#include "COneDNN.h"
#include "parallel.h"

/* Widest layer; a row of this many values stands for what lies outside the picture. */
enum { MOST_CHANNELS = 4096 };

static const float outside[MOST_CHANNELS];

void odn_winograd_weights(int64_t count, const float *kernels, int component, float *transformed) {
  static const float g[4][3] = {{1, 0, 0}, {0.5f, 0.5f, 0.5f}, {0.5f, -0.5f, 0.5f}, {0, 0, 1}};
  const float *down = g[component / 4], *across = g[component % 4];
  for (int64_t i = 0; i < count; i++) {
    const float *kernel = kernels + 9 * i;
    float sum = 0;
    for (int y = 0; y < 3; y++)
      for (int x = 0; x < 3; x++) sum += down[y] * across[x] * kernel[3 * y + x];
    transformed[i] = sum;
  }
}

/* Every function that takes or returns vectors is inlined, so the calling convention does not matter. */
#pragma clang diagnostic ignored "-Wpsabi"

/* Eight channels at a time; layers have multiples of eight. */
typedef float lanes __attribute__((vector_size(32)));
typedef uint32_t lane_bits __attribute__((vector_size(32)));
typedef uint16_t half_bits __attribute__((vector_size(16)));
#define INLINE static inline __attribute__((always_inline))

INLINE lanes load(const void *values, int bf16, int64_t c) {
  lanes result;
  if (bf16) {
    half_bits halves;
    memcpy(&halves, (const uint16_t *)values + c, sizeof halves);
    lane_bits bits = __builtin_convertvector(halves, lane_bits) << 16;
    memcpy(&result, &bits, sizeof result);
  } else {
    memcpy(&result, (const float *)values + c, sizeof result);
  }
  return result;
}

INLINE void store(void *values, int bf16, int64_t c, lanes value) {
  if (bf16) { /* to nearest, ties to even */
    lane_bits bits;
    memcpy(&bits, &value, sizeof bits);
    half_bits halves = __builtin_convertvector((bits + 0x7fff + ((bits >> 16) & 1)) >> 16, half_bits);
    memcpy((uint16_t *)values + c, &halves, sizeof halves);
  } else {
    memcpy((float *)values + c, &value, sizeof value);
  }
}

/* Bᵀ d B of one tile: d[4y + x] are its 16 pixels; component i goes `component` bytes after component i - 1. */
INLINE void input_tile(const void *const d[16], char *v, int64_t component, int64_t channels, int bf16) {
  for (int64_t c = 0; c < channels; c += 8) {
    lanes e[16];
    for (int x = 0; x < 4; x++) {
      const lanes a = load(d[x], bf16, c), b = load(d[4 + x], bf16, c), p = load(d[8 + x], bf16, c);
      const lanes q = load(d[12 + x], bf16, c);
      e[x] = a - p, e[4 + x] = b + p, e[8 + x] = p - b, e[12 + x] = b - q;
    }
    for (int y = 0; y < 4; y++) {
      const lanes a = e[4 * y], b = e[4 * y + 1], p = e[4 * y + 2], q = e[4 * y + 3];
      char *to = v + 4 * y * component;
      store(to, bf16, c, a - p);
      store(to + component, bf16, c, b + p);
      store(to + 2 * component, bf16, c, p - b);
      store(to + 3 * component, bf16, c, b - q);
    }
  }
}

FOR_EACH_CPU static void input_f32(const void *const d[16], char *v, int64_t component, int64_t channels) {
  input_tile(d, v, component, channels, 0);
}

FOR_EACH_CPU static void input_bf16(const void *const d[16], char *v, int64_t component, int64_t channels) {
  input_tile(d, v, component, channels, 1);
}

/* Aᵀ m A of one tile plus bias: o[2y + x] are the 4 pixels that it makes. */
INLINE void output_tile(
  const char *m, int64_t component, const float *bias, int relu, void *const o[4], int64_t channels, int bf16) {
  const lanes zero = {0};
  for (int64_t c = 0; c < channels; c += 8) {
    const lanes offset = load(bias, 0, c);
    lanes e[8];
    for (int x = 0; x < 4; x++) {
      const lanes a = load(m + x * component, 0, c), b = load(m + (4 + x) * component, 0, c);
      const lanes p = load(m + (8 + x) * component, 0, c), q = load(m + (12 + x) * component, 0, c);
      e[x] = a + b + p, e[4 + x] = b - p - q;
    }
    for (int y = 0; y < 2; y++) {
      lanes left = e[4 * y] + e[4 * y + 1] + e[4 * y + 2] + offset;
      lanes right = e[4 * y + 1] - e[4 * y + 2] - e[4 * y + 3] + offset;
      if (relu) left = __builtin_elementwise_max(left, zero), right = __builtin_elementwise_max(right, zero);
      store(o[2 * y], bf16, c, left);
      store(o[2 * y + 1], bf16, c, right);
    }
  }
}

FOR_EACH_CPU static void output_f32(
  const char *m, int64_t component, const float *bias, int relu, void *const o[4], int64_t channels) {
  output_tile(m, component, bias, relu, o, channels, 0);
}

FOR_EACH_CPU static void output_bf16(
  const char *m, int64_t component, const float *bias, int relu, void *const o[4], int64_t channels) {
  output_tile(m, component, bias, relu, o, channels, 1);
}

/* MARK: Passes */

static int64_t columns_of(const odn_winograd *layer) { return (layer->extent.width + 1) / 2; }

static size_t scalar_bytes(int32_t type) { return type == ODN_BF16 ? sizeof(uint16_t) : sizeof(float); }

/* The frames around the pass are transformed too; those before the first and after the last are zeros. */
static void transform_input(
  const odn_winograd *layer, const char *source, int64_t first_frame, int64_t first_row, char *transformed) {
  const int64_t height = layer->extent.height, width = layer->extent.width, columns = columns_of(layer);
  const size_t pixel = layer->channels_in * scalar_bytes(layer->source_type);
  for (int64_t f = 0; f < layer->pass_frames + layer->kernel_frames - 1; f++) {
    const int64_t frame = first_frame - layer->front_frames + f;
    const int is_frame = frame >= 0 && frame < layer->source_frames;
    for (int64_t r = 0; r < layer->pass_rows; r++) {
      const int64_t top = 2 * (first_row + r) - 1;
      for (int64_t column = 0; column < columns; column++) {
        const void *d[16];
        for (int64_t y = 0; y < 4; y++)
          for (int64_t x = 0; x < 4; x++) {
            const int64_t row = top + y, at = 2 * column - 1 + x;
            const int inside = is_frame && row >= 0 && row < height && at >= 0 && at < width;
            d[4 * y + x] = inside ? source + ((frame * height + row) * width + at) * pixel : (const void *)outside;
          }
        char *v = transformed + ((f * layer->pass_rows + r) * columns + column) * pixel;
        if (layer->source_type == ODN_BF16) input_bf16(d, v, layer->transformed_bytes, layer->channels_in);
        else input_f32(d, v, layer->transformed_bytes, layer->channels_in);
      }
    }
  }
}

static void transform_output(const odn_winograd *layer, const char *products, int64_t first_frame, int64_t first_row,
  const float *bias, char *destination) {
  const int64_t height = layer->extent.height, width = layer->extent.width, columns = columns_of(layer);
  const size_t pixel = layer->channels_out * scalar_bytes(layer->destination_type);
  float unwanted[MOST_CHANNELS];
  for (int64_t f = 0; f < layer->pass_frames; f++)
    for (int64_t r = 0; r < layer->pass_rows; r++)
      for (int64_t column = 0; column < columns; column++) {
        void *o[4];
        for (int64_t y = 0; y < 2; y++)
          for (int64_t x = 0; x < 2; x++) {
            const int64_t row = 2 * (first_row + r) + y, at = 2 * column + x;
            o[2 * y + x] = row < height && at < width
              ? destination + (((first_frame + f) * height + row) * width + at) * pixel : (void *)unwanted;
          }
        const char *m = products + ((f * layer->pass_rows + r) * columns + column) * layer->channels_out * sizeof(float);
        if (layer->destination_type == ODN_BF16)
          output_bf16(m, layer->product_bytes, bias, layer->relu, o, layer->channels_out);
        else output_f32(m, layer->product_bytes, bias, layer->relu, o, layer->channels_out);
      }
}

typedef struct {
  const odn_winograd *layer;
  const char *source;
  const float *bias;
  char *destination;
  _Atomic int64_t next;
  _Atomic int failed;
} winograd_job;

static void run_passes(void *context) {
  winograd_job *job = context;
  const odn_winograd *layer = job->layer;
  const int thread = omp_get_thread_num();
  char *transformed = layer->working[thread], *products = transformed + 16 * layer->transformed_bytes;
  const int64_t row_passes = (layer->extent.height + 1) / 2 / layer->pass_rows;
  const int64_t passes = layer->extent.frames / layer->pass_frames * row_passes;
  for (int64_t pass; (pass = job->next++) < passes;) {
    const int64_t frame = pass / row_passes * layer->pass_frames, row = pass % row_passes * layer->pass_rows;
    transform_input(layer, job->source, frame, row, transformed);
    for (int i = 0; i < 16; i++)
      if (odn_run(layer->products[16 * thread + i])) job->failed = 1;
    transform_output(layer, products, frame, row, job->bias, job->destination);
  }
}

const char *odn_winograd_run(const odn_winograd *layer, const void *source, const float *bias, void *destination) {
  winograd_job job = {layer, source, bias, destination, 0, 0};
  GOMP_parallel(run_passes, &job, layer->threads, 0);
  return job.failed ? "oneDNN refused a product of a Winograd layer" : NULL;
}
