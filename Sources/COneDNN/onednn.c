#include "COneDNN.h"

#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From OpenMP's run-time library, which oneDNN brings along; clang has no header for GNU's. */
extern void omp_set_num_threads(int threads);
extern int omp_get_num_procs(void);

struct odn_operation {
  dnnl_primitive_desc_t description;
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_memory_t memory[ODN_SLOTS];
  dnnl_exec_arg_t arguments[ODN_SLOTS];
  int argument_count;
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
  switch (dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_avx512_core_amx: return "AMX";
    case dnnl_cpu_isa_avx512_core_bf16: return "AVX-512 with bfloat16";
    case dnnl_cpu_isa_avx512_core_vnni: return "AVX-512 with VNNI";
    case dnnl_cpu_isa_avx512_core: return "AVX-512";
    case dnnl_cpu_isa_avx2_vnni: return "AVX2 with VNNI";
    case dnnl_cpu_isa_avx2: return "AVX2";
    case dnnl_cpu_isa_avx: return "AVX";
    case dnnl_cpu_isa_sse41: return "SSE4.1";
    default: return "baseline";
  }
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

static dnnl_status_t describe(dnnl_memory_desc_t *description, const odn_tensor *tensor, dnnl_format_tag_t tag) {
  dnnl_dims_t dims = {1, tensor->channels, tensor->extent.frames, tensor->extent.height, tensor->extent.width};
  return dnnl_memory_desc_init_by_tag(description, 5, dims, data_type(tensor->type), tag);
}

static void set_extent(dnnl_dims_t dims, odn_extent extent) {
  dims[0] = extent.frames;
  dims[1] = extent.height;
  dims[2] = extent.width;
}

/* MARK: Operations */

static const int slot_arguments[ODN_SLOTS] = {DNNL_ARG_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_BIAS, DNNL_ARG_SCRATCHPAD,
  DNNL_ARG_SRC};

static const dnnl_memory_desc_t *slot_description(const odn_operation *operation, int slot) {
  return dnnl_primitive_desc_query_md(operation->description, dnnl_query_exec_arg_md, slot_arguments[slot]);
}

void odn_destroy(odn_operation *operation) {
  if (!operation) return;
  for (int slot = 0; slot < ODN_SLOTS; slot++) dnnl_memory_destroy(operation->memory[slot]);
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
    TRY("memory", dnnl_memory_create(&operation->memory[slot], slot_description(operation, slot), cpu, DNNL_MEMORY_NONE));
    dnnl_exec_arg_t argument = {slot_arguments[slot], operation->memory[slot]};
    operation->arguments[operation->argument_count++] = argument;
  }
end:
  if (text) odn_destroy(operation);
  else *result = operation;
  return text;
}

/* Scratchpads are the caller's, so that running allocates nothing. */
static dnnl_status_t make_attributes(
  dnnl_primitive_attr_t *attributes, odn_finish finish, const float *scales, dnnl_dim_t outputs) {
  const int per_output = 1 << 1;
  dnnl_post_ops_t after = NULL;
  dnnl_status_t status = dnnl_primitive_attr_create(attributes);
  if (status == dnnl_success)
    status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
  if (status == dnnl_success && scales)
    status = dnnl_primitive_attr_set_output_scales(*attributes, outputs, per_output, scales);
  if (status == dnnl_success && finish != ODN_AS_IS) {
    status = dnnl_post_ops_create(&after);
    if (status == dnnl_success && finish == ODN_RELU)
      status = dnnl_post_ops_append_eltwise(after, 1, dnnl_eltwise_relu, 0, 0);
    if (status == dnnl_success && finish == ODN_ADD_TO_DESTINATION) status = dnnl_post_ops_append_sum(after, 1);
    if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*attributes, after);
    dnnl_post_ops_destroy(after);
  }
  return status;
}

static const char *create_scaled(const_dnnl_op_desc_t operation, odn_finish finish, const float *scales,
  dnnl_dim_t outputs, odn_operation **result) {
  const char *text = NULL;
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_primitive_desc_t description = NULL;
  TRY("attributes", make_attributes(&attributes, finish, scales, outputs));
  TRY("kernel choice", dnnl_primitive_desc_create(&description, operation, attributes, cpu, NULL));
  text = complete(description, result);
end:
  dnnl_primitive_attr_destroy(attributes);
  return text;
}

static const char *create(const_dnnl_op_desc_t operation, odn_operation **result) {
  return create_scaled(operation, ODN_AS_IS, NULL, 0, result);
}

const char *odn_convolution(const odn_tensor *source, const odn_tensor *destination, const odn_window *window,
  odn_finish finish, const float *scales, odn_operation **result) {
  const char *text = start();
  if (text) return text;
  dnnl_memory_desc_t from, to, weights, bias;
  dnnl_dims_t kernel = {destination->channels, source->channels}, stride, front, back;
  dnnl_convolution_desc_t convolution;
  set_extent(kernel + 2, window->size);
  set_extent(stride, window->stride);
  set_extent(front, window->front);
  set_extent(back, window->back);
  TRY("source", describe(&from, source, dnnl_ndhwc));
  TRY("destination", describe(&to, destination, dnnl_ndhwc));
  const dnnl_data_type_t weights_type = source->type == ODN_U8 ? dnnl_s8 : data_type(source->type);
  TRY("weights", dnnl_memory_desc_init_by_tag(&weights, 5, kernel, weights_type, dnnl_format_tag_any));
  TRY("bias", dnnl_memory_desc_init_by_tag(&bias, 1, kernel, dnnl_f32, dnnl_a));
  TRY("convolution", dnnl_convolution_forward_desc_init(&convolution, dnnl_forward_inference,
    dnnl_convolution_direct, &from, &weights, &bias, &to, stride, front, back));
  text = create_scaled(&convolution, finish, scales, destination->channels, result);
  if (!text) memcpy((*result)->weights, kernel, sizeof kernel);
end:
  return text;
}

static const char *pool(dnnl_alg_kind_t kind, const odn_tensor *source, const odn_tensor *destination,
  const odn_window *window, odn_operation **result) {
  const char *text = start();
  if (text) return text;
  dnnl_memory_desc_t from, to;
  dnnl_dims_t size, stride, front, back;
  dnnl_pooling_desc_t pooling;
  set_extent(size, window->size);
  set_extent(stride, window->stride);
  set_extent(front, window->front);
  set_extent(back, window->back);
  TRY("source", describe(&from, source, dnnl_ndhwc));
  TRY("destination", describe(&to, destination, dnnl_ndhwc));
  TRY("pooling", dnnl_pooling_forward_desc_init(
    &pooling, dnnl_forward_inference, kind, &from, &to, stride, size, front, back));
  text = create(&pooling, result);
end:
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
  dnnl_memory_desc_t left, right, bias, to;
  dnnl_matmul_desc_t matmul;
  dnnl_dims_t left_dims = {product->rows, product->inner}, right_dims = {product->inner, product->columns};
  dnnl_dims_t to_dims = {product->rows, product->columns}, bias_dims = {1, product->columns};
  TRY("left matrix", dnnl_memory_desc_init_by_tag(&left, 2, left_dims, dnnl_f32, dnnl_ab));
  TRY("right matrix",
    dnnl_memory_desc_init_by_tag(&right, 2, right_dims, dnnl_f32, product->transposed ? dnnl_ba : dnnl_ab));
  TRY("result matrix",
    dnnl_memory_desc_init_by_tag(&to, 2, to_dims, dnnl_f32, dnnl_ab));
  TRY("bias", dnnl_memory_desc_init_by_tag(&bias, 2, bias_dims, dnnl_f32, dnnl_ab));
  TRY("matrix product",
    dnnl_matmul_desc_init(&matmul, &left, &right, product->has_bias ? &bias : NULL, &to));
  text = create_scaled(&matmul, product->adds ? ODN_ADD_TO_DESTINATION : ODN_AS_IS, NULL, 0, result);
end:
  return text;
}

const char *odn_softmax(int64_t rows, int64_t columns, odn_operation **result) {
  const char *text = start();
  if (text) return text;
  dnnl_memory_desc_t matrix;
  dnnl_dims_t dims = {rows, columns};
  dnnl_softmax_desc_t softmax;
  TRY("matrix", dnnl_memory_desc_init_by_tag(&matrix, 2, dims, dnnl_f32, dnnl_ab));
  TRY("softmax", dnnl_softmax_forward_desc_init(&softmax, dnnl_forward_inference, &matrix, 1));
  text = create(&softmax, result);
end:
  return text;
}

const char *odn_implementation(const odn_operation *operation) {
  const char *name = NULL;
  dnnl_status_t status =
    dnnl_primitive_desc_query(operation->description, dnnl_query_impl_info_str, 0, (void *)&name);
  return status == dnnl_success && name ? name : "unknown";
}

size_t odn_bytes(const odn_operation *operation, int slot) {
  const dnnl_memory_desc_t *description = slot_description(operation, slot);
  return description ? dnnl_memory_desc_get_size(description) : 0;
}

int odn_same_layout(const odn_operation *a, const odn_operation *b, int slot) {
  return dnnl_memory_desc_equal(slot_description(a, slot), slot_description(b, slot));
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

static const char *reorder(const dnnl_memory_desc_t *from, const void *source, const dnnl_memory_desc_t *to,
  void *result, const_dnnl_primitive_attr_t attributes) {
  const char *text = NULL;
  dnnl_primitive_desc_t description = NULL;
  odn_operation *operation = NULL;
  TRY("reorder", dnnl_reorder_primitive_desc_create(&description, from, cpu, to, cpu, attributes));
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
  dnnl_primitive_attr_t attributes = NULL;
  const int per_output = 1 << 0;
  dnnl_memory_desc_t from;
  TRY("weights", dnnl_memory_desc_init_by_tag(&from, 5, operation->weights, dnnl_f32, dnnl_oidhw));
  TRY("attributes", dnnl_primitive_attr_create(&attributes));
  TRY("scales", dnnl_primitive_attr_set_output_scales(attributes, operation->weights[0], per_output, scales));
  text = reorder(&from, weights, slot_description(operation, ODN_WEIGHTS), packed, attributes);
end:
  dnnl_primitive_attr_destroy(attributes);
  return text;
}

const char *odn_unpack(const odn_tensor *tensor, const void *values, float *ncthw) {
  const char *text = start();
  if (text) return text;
  dnnl_memory_desc_t from, to;
  odn_tensor floats = *tensor;
  floats.type = ODN_F32;
  TRY("source", describe(&from, tensor, dnnl_ndhwc));
  TRY("destination", describe(&to, &floats, dnnl_ncdhw));
  text = reorder(&from, values, &to, ncthw, NULL);
end:
  return text;
}
