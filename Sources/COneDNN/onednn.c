#include "COneDNN.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "versions.h"

/* From OpenMP's run-time library, which oneDNN brings along; clang has no header for GNU's. */
extern void omp_set_num_threads(int threads);
extern int omp_get_num_procs(void);

struct odn_operation {
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_memory_t memory[ODN_SLOTS];
  dnnl_exec_arg_t arguments[ODN_SLOTS + 1];
  int argument_count;
  float *scales;              /* of a convolution's output channels; may be NULL */
  dnnl_memory_t scale_memory; /* the same, where they are an argument */
  dnnl_dims_t weights; /* out, in, time, height, width: what odn_pack_weights reads */
};

/* MARK: Failures */

static _Thread_local char failure[256];

static const char *const reasons[] = {"success", "out of memory", "invalid arguments", "not supported by this CPU",
  "no implementation left", "run-time error", "primitive not required"};

static const char *failed(const char *what, dnnl_status_t status) {
  const char *reason = status <= dnnl_not_required ? reasons[status] : "unknown error";
  snprintf(failure, sizeof failure, "oneDNN: %s: %s", what, reason);
  return failure;
}

#define TRY(what, call) \
  do { \
    dnnl_status_t status_ = (call); \
    if (status_ != dnnl_success) { \
      text = failed(what, status_); \
      goto end; \
    } \
  } while (0)

/* MARK: Engine */

static dnnl_engine_t cpu;
static dnnl_status_t cpu_status;

static void make_cpu(void) { cpu_status = dnnl_engine_create(&cpu, dnnl_cpu, 0); }

static const char *start(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_cpu);
  return cpu_status == dnnl_success ? NULL : failed("CPU engine", cpu_status);
}

const char *odn_version(void) {
  static char text[32];
  const dnnl_version_t *version = dnnl_version();
  snprintf(text, sizeof text, "%d.%d.%d", version->major, version->minor, version->patch);
  return text;
}

const char *odn_instruction_set(void) {
  /* Each includes the bits of the weaker sets; newer sets count as the best one here that they include. */
  static const struct {
    int bits;
    const char *name;
  } sets[] = {{dnnl_cpu_isa_avx512_core_amx, "AMX"}, {dnnl_cpu_isa_avx512_core_bf16, "AVX-512 with bfloat16"},
    {dnnl_cpu_isa_avx512_core_vnni, "AVX-512 with VNNI"}, {dnnl_cpu_isa_avx512_core, "AVX-512"},
    {dnnl_cpu_isa_avx2_vnni, "AVX2 with VNNI"}, {dnnl_cpu_isa_avx2, "AVX2"}, {dnnl_cpu_isa_avx, "AVX"},
    {dnnl_cpu_isa_sse41, "SSE4.1"}};
  const int isa = dnnl_get_effective_cpu_isa();
  for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
    if ((isa & sets[i].bits) == sets[i].bits) return sets[i].name;
  return "baseline";
}

int odn_has_bf16(void) {
  int native = dnnl_cpu_isa_avx512_core_bf16;
  return ((int)dnnl_get_effective_cpu_isa() & native) == native;
}

int odn_has_vnni(void) {
  const int isa = dnnl_get_effective_cpu_isa();
  return (isa & dnnl_cpu_isa_avx512_core_vnni) == dnnl_cpu_isa_avx512_core_vnni
    || (isa & dnnl_cpu_isa_avx2_vnni) == dnnl_cpu_isa_avx2_vnni;
}

int odn_set_threads(int threads) {
  int most = omp_get_num_procs(), used = threads < 1 ? 1 : threads > most ? most : threads;
  omp_set_num_threads(used);
  return used;
}

/* MARK: Descriptions */

static dnnl_data_type_t data_type(int32_t type) {
  return type == ODN_BF16 ? dnnl_bf16 : type == ODN_U8 ? dnnl_u8 : dnnl_f32;
}

static dnnl_status_t describe(layout *result, const odn_tensor *tensor, dnnl_format_tag_t tag) {
  dnnl_dims_t dims = {1, tensor->channels, tensor->extent.frames, tensor->extent.height, tensor->extent.width};
  return make_layout(result, 5, dims, data_type(tensor->type), tag);
}

static void set_extent(dnnl_dims_t dims, odn_extent extent) {
  dims[0] = extent.frames;
  dims[1] = extent.height;
  dims[2] = extent.width;
}

/* MARK: Operations */

static const int slot_arguments[ODN_SLOTS] = {DNNL_ARG_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_SCRATCHPAD,
  DNNL_ARG_SRC};

static const_layout slot_layout(const odn_operation *operation, int slot) {
  return dnnl_primitive_desc_query_md(operation->description, dnnl_query_exec_arg_md, slot_arguments[slot]);
}

void odn_destroy(odn_operation *operation) {
  if (!operation) return;
  for (int slot = 0; slot < ODN_SLOTS; slot++) dnnl_memory_destroy(operation->memory[slot]);
  dnnl_memory_destroy(operation->scale_memory);
  free(operation->scales);
  dnnl_primitive_destroy(operation->primitive);
  dnnl_primitive_desc_destroy(operation->description);
  dnnl_stream_destroy(operation->stream);
  free(operation);
}

/* Takes over `description`. */
static const char *complete(dnnl_primitive_desc_t description, odn_operation **result) {
  const char *text = NULL;
  odn_operation *operation = calloc(1, sizeof *operation);
  if (!operation) {
    dnnl_primitive_desc_destroy(description);
    return failed("operation", dnnl_out_of_memory);
  }
  operation->description = description;
  TRY("stream", dnnl_stream_create(&operation->stream, cpu, dnnl_stream_default_flags));
  TRY("kernel", dnnl_primitive_create(&operation->primitive, description));
  for (int slot = 0; slot < ODN_SLOTS; slot++) {
    if (odn_bytes(operation, slot) == 0) continue;
    TRY("memory", dnnl_memory_create(&operation->memory[slot], slot_layout(operation, slot), cpu, DNNL_MEMORY_NONE));
    dnnl_exec_arg_t argument = {slot_arguments[slot], operation->memory[slot]};
    operation->arguments[operation->argument_count++] = argument;
  }
end:
  if (text) odn_destroy(operation);
  else *result = operation;
  return text;
}

/* The caller provides scratchpads, so that running allocates nothing. */
static dnnl_status_t make_attributes(
  dnnl_primitive_attr_t *attributes, odn_finish finish, const float *scales, dnnl_dim_t outputs) {
  dnnl_post_ops_t after = NULL;
  dnnl_status_t status = dnnl_primitive_attr_create(attributes);
  if (status == dnnl_success)
    status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
  if (status == dnnl_success && scales) status = scale_outputs(*attributes, outputs, scales);
  if (status == dnnl_success && finish != ODN_AS_IS) {
    status = dnnl_post_ops_create(&after);
    if (status == dnnl_success && finish == ODN_RELU) status = append_relu(after);
    if (status == dnnl_success && finish == ODN_ADD_TO_DESTINATION) status = append_sum(after);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*attributes, after);
    dnnl_post_ops_destroy(after);
  }
  return status;
}

static const char *keep_scales(odn_operation *operation, const float *scales, dnnl_dim_t outputs) {
  const char *text = NULL;
  layout list = NULL;
  dnnl_dims_t dims = {outputs};
  operation->scales = malloc(outputs * sizeof *scales);
  if (!operation->scales) return failed("scales", dnnl_out_of_memory);
  memcpy(operation->scales, scales, outputs * sizeof *scales);
  if (SCALES_ARE_ARGUMENTS) {
    TRY("scales", make_layout(&list, 1, dims, dnnl_f32, dnnl_a));
    TRY("scales", dnnl_memory_create(&operation->scale_memory, list, cpu, operation->scales));
    dnnl_exec_arg_t argument = {SCALES_ARGUMENT, operation->scale_memory};
    operation->arguments[operation->argument_count++] = argument;
  }
end:
  destroy_layout(list);
  return text;
}

const char *odn_convolution(const odn_tensor *source, const odn_tensor *destination, const odn_window *window,
  odn_finish finish, const float *scales, odn_operation **result) {
  const char *text = start();
  if (text) return text;
  layout from = NULL, to = NULL, weights = NULL, bias = NULL;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  odn_operation *operation = NULL;
  dnnl_dims_t kernel = {destination->channels, source->channels}, stride, front, back;
  set_extent(kernel + 2, window->size);
  set_extent(stride, window->stride);
  set_extent(front, window->front);
  set_extent(back, window->back);
  TRY("source", describe(&from, source, dnnl_ndhwc));
  TRY("destination", describe(&to, destination, dnnl_ndhwc));
  const dnnl_data_type_t weights_type = source->type == ODN_U8 ? dnnl_s8 : data_type(source->type);
  TRY("weights", make_layout(&weights, 5, kernel, weights_type, dnnl_format_tag_any));
  TRY("bias", make_layout(&bias, 1, kernel, dnnl_f32, dnnl_a));
  TRY("attributes", make_attributes(&attributes, finish, scales, kernel[0]));
  TRY("convolution",
    choose_convolution(&description, cpu, from, weights, bias, to, stride, front, back, attributes));
  text = complete(description, &operation);
  if (text) goto end;
  memcpy(operation->weights, kernel, sizeof kernel);
  if (scales) text = keep_scales(operation, scales, kernel[0]);
  if (text) odn_destroy(operation);
  else *result = operation;
end:
  dnnl_primitive_attr_destroy(attributes);
  destroy_layout(from), destroy_layout(to), destroy_layout(weights), destroy_layout(bias);
  return text;
}

static const char *pool(dnnl_alg_kind_t kind, const odn_tensor *source, const odn_tensor *destination,
  const odn_window *window, odn_operation **result) {
  const char *text = start();
  if (text) return text;
  layout from = NULL, to = NULL;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  dnnl_dims_t size, stride, front, back;
  set_extent(size, window->size);
  set_extent(stride, window->stride);
  set_extent(front, window->front);
  set_extent(back, window->back);
  TRY("source", describe(&from, source, dnnl_ndhwc));
  TRY("destination", describe(&to, destination, dnnl_ndhwc));
  TRY("attributes", make_attributes(&attributes, ODN_AS_IS, NULL, 0));
  TRY("pooling", choose_pooling(&description, cpu, kind, from, to, size, stride, front, back, attributes));
  text = complete(description, result);
end:
  dnnl_primitive_attr_destroy(attributes);
  destroy_layout(from), destroy_layout(to);
  return text;
}

const char *odn_max_pool(
  const odn_tensor *source, const odn_tensor *destination, const odn_window *window, odn_operation **result) {
  return pool(dnnl_pooling_max, source, destination, window, result);
}

const char *odn_average_pool(
  const odn_tensor *source, const odn_tensor *destination, const odn_window *window, odn_operation **result) {
  return pool(dnnl_pooling_avg_include_padding, source, destination, window, result);
}

const char *odn_matrix_product(const odn_product *product, odn_operation **result) {
  const char *text = start();
  if (text) return text;
  layout left = NULL, right = NULL, bias = NULL, to = NULL;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  dnnl_dims_t left_dims = {product->rows, product->inner}, right_dims = {product->inner, product->columns};
  dnnl_dims_t to_dims = {product->rows, product->columns}, bias_dims = {1, product->columns};
  TRY("left matrix", make_layout(&left, 2, left_dims, dnnl_f32, dnnl_ab));
  TRY("right matrix", make_layout(&right, 2, right_dims, dnnl_f32, product->transposed ? dnnl_ba : dnnl_ab));
  TRY("result matrix", make_layout(&to, 2, to_dims, dnnl_f32, dnnl_ab));
  if (product->has_bias) TRY("bias", make_layout(&bias, 2, bias_dims, dnnl_f32, dnnl_ab));
  TRY("attributes", make_attributes(&attributes, product->adds ? ODN_ADD_TO_DESTINATION : ODN_AS_IS, NULL, 0));
  TRY("matrix product", choose_product(&description, cpu, left, right, bias, to, attributes));
  text = complete(description, result);
end:
  dnnl_primitive_attr_destroy(attributes);
  destroy_layout(left), destroy_layout(right), destroy_layout(bias), destroy_layout(to);
  return text;
}

const char *odn_softmax(int64_t rows, int64_t columns, odn_operation **result) {
  const char *text = start();
  if (text) return text;
  layout matrix = NULL;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  dnnl_dims_t dims = {rows, columns};
  TRY("matrix", make_layout(&matrix, 2, dims, dnnl_f32, dnnl_ab));
  TRY("attributes", make_attributes(&attributes, ODN_AS_IS, NULL, 0));
  TRY("softmax", choose_softmax(&description, cpu, matrix, attributes));
  text = complete(description, result);
end:
  dnnl_primitive_attr_destroy(attributes);
  destroy_layout(matrix);
  return text;
}

const char *odn_implementation(const odn_operation *operation) {
  const char *name = NULL;
  dnnl_status_t status =
    dnnl_primitive_desc_query(operation->description, dnnl_query_impl_info_str, 0, (void *)&name);
  return status == dnnl_success && name ? name : "unknown";
}

size_t odn_bytes(const odn_operation *operation, int slot) {
  const_layout found = slot_layout(operation, slot);
  return found ? dnnl_memory_desc_get_size(found) : 0;
}

int odn_same_layout(const odn_operation *a, const odn_operation *b, int slot) {
  return dnnl_memory_desc_equal(slot_layout(a, slot), slot_layout(b, slot));
}

const char *odn_bind(odn_operation *operation, int slot, void *memory) {
  if (!operation->memory[slot]) return failed("binding an unused slot", dnnl_invalid_arguments);
  dnnl_status_t status = dnnl_memory_set_data_handle(operation->memory[slot], memory);
  return status == dnnl_success ? NULL : failed("binding memory", status);
}

const char *odn_run(const odn_operation *operation) {
  dnnl_status_t status = dnnl_primitive_execute(
    operation->primitive, operation->stream, operation->argument_count, operation->arguments);
  return status == dnnl_success ? NULL : failed(odn_implementation(operation), status);
}

/* MARK: Layouts */

static const char *reorder(const_layout from, const void *source, const_layout to, void *result) {
  const char *text = NULL;
  dnnl_primitive_desc_t description = NULL;
  odn_operation *operation = NULL;
  TRY("reorder", dnnl_reorder_primitive_desc_create(&description, from, cpu, to, cpu, NULL));
  text = complete(description, &operation);
  if (!text) text = odn_bind(operation, ODN_SOURCE, (void *)source);
  if (!text) text = odn_bind(operation, ODN_DESTINATION, result);
  if (!text) text = odn_run(operation);
  odn_destroy(operation);
end:
  return text;
}

const char *odn_pack_weights(
  const odn_operation *operation, const float *weights, const float *scales, void *packed) {
  const char *text = NULL;
  const int64_t *dims = operation->weights, each = dims[1] * dims[2] * dims[3] * dims[4];
  layout from = NULL;
  float *scaled = malloc(dims[0] * each * sizeof *scaled);
  if (!scaled) return failed("weights", dnnl_out_of_memory);
  for (int64_t output = 0; output < dims[0]; output++)
    for (int64_t i = output * each; i < (output + 1) * each; i++) scaled[i] = weights[i] * scales[output];
  TRY("weights", make_layout(&from, 5, dims, dnnl_f32, dnnl_oidhw));
  text = reorder(from, scaled, slot_layout(operation, ODN_WEIGHTS), packed);
end:
  free(scaled);
  destroy_layout(from);
  return text;
}

void odn_pack_bias(const odn_operation *operation, const float *bias, float *packed) {
  for (int64_t output = 0; output < operation->weights[0]; output++)
    packed[output] = SCALES_ARE_ARGUMENTS && operation->scales ? bias[output] * operation->scales[output] : bias[output];
}

const char *odn_unpack(const odn_tensor *tensor, const void *values, float *ncthw) {
  const char *text = start();
  if (text) return text;
  layout from = NULL, to = NULL;
  odn_tensor floats = *tensor;
  floats.type = ODN_F32;
  TRY("source", describe(&from, tensor, dnnl_ndhwc));
  TRY("destination", describe(&to, &floats, dnnl_ncdhw));
  text = reorder(from, values, to, ncthw);
end:
  destroy_layout(from), destroy_layout(to);
  return text;
}
