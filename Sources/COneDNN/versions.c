#include "versions.h"

#include <stdlib.h>

#if DNNL_VERSION_MAJOR >= 3

dnnl_status_t make_layout(
  layout *result, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag) {
  return dnnl_memory_desc_create_with_tag(result, rank, dims, type, tag);
}

void destroy_layout(layout layout) {
  if (layout) dnnl_memory_desc_destroy(layout);
}

dnnl_status_t scale_outputs(dnnl_primitive_attr_t attributes, dnnl_dim_t outputs, const float *scales) {
  (void)outputs, (void)scales;
  return dnnl_primitive_attr_set_scales_mask(attributes, DNNL_ARG_WEIGHTS, 1 << 0);
}

dnnl_status_t append_relu(dnnl_post_ops_t operations) {
  return dnnl_post_ops_append_eltwise(operations, dnnl_eltwise_relu, 0, 0);
}

dnnl_status_t append_sum(dnnl_post_ops_t operations) {
  return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_data_type_undef);
}

static const dnnl_dims_t dense = {0};

dnnl_status_t choose_convolution(dnnl_primitive_desc_t *choice, dnnl_engine_t engine, const_layout source,
  const_layout weights, const_layout bias, const_layout destination, const dnnl_dims_t stride, const dnnl_dims_t front,
  const dnnl_dims_t back, const_dnnl_primitive_attr_t attributes) {
  return dnnl_convolution_forward_primitive_desc_create(choice, engine, dnnl_forward_inference,
    dnnl_convolution_direct, source, weights, bias, destination, stride, dense, front, back, attributes);
}

dnnl_status_t choose_pooling(dnnl_primitive_desc_t *choice, dnnl_engine_t engine, dnnl_alg_kind_t kind,
  const_layout source, const_layout destination, const dnnl_dims_t size, const dnnl_dims_t stride,
  const dnnl_dims_t front, const dnnl_dims_t back, const_dnnl_primitive_attr_t attributes) {
  return dnnl_pooling_forward_primitive_desc_create(choice, engine, dnnl_forward_inference, kind, source, destination,
    stride, size, dense, front, back, attributes);
}

dnnl_status_t choose_product(dnnl_primitive_desc_t *choice, dnnl_engine_t engine, const_layout left, const_layout right,
  const_layout bias, const_layout result, const_dnnl_primitive_attr_t attributes) {
  return dnnl_matmul_primitive_desc_create(choice, engine, left, right, bias, result, attributes);
}

dnnl_status_t choose_softmax(dnnl_primitive_desc_t *choice, dnnl_engine_t engine, const_layout matrix,
  const_dnnl_primitive_attr_t attributes) {
  return dnnl_softmax_forward_primitive_desc_create(
    choice, engine, dnnl_forward_inference, dnnl_softmax_accurate, matrix, matrix, 1, attributes);
}

#else

dnnl_status_t make_layout(
  layout *result, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag) {
  *result = malloc(sizeof **result);
  return *result ? dnnl_memory_desc_init_by_tag(*result, rank, dims, type, tag) : dnnl_out_of_memory;
}

void destroy_layout(layout layout) { free(layout); }

dnnl_status_t scale_outputs(dnnl_primitive_attr_t attributes, dnnl_dim_t outputs, const float *scales) {
  return dnnl_primitive_attr_set_output_scales(attributes, outputs, 1 << 1, scales);
}

dnnl_status_t append_relu(dnnl_post_ops_t operations) {
  return dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0);
}

dnnl_status_t append_sum(dnnl_post_ops_t operations) { return dnnl_post_ops_append_sum(operations, 1); }

dnnl_status_t choose_convolution(dnnl_primitive_desc_t *choice, dnnl_engine_t engine, const_layout source,
  const_layout weights, const_layout bias, const_layout destination, const dnnl_dims_t stride, const dnnl_dims_t front,
  const dnnl_dims_t back, const_dnnl_primitive_attr_t attributes) {
  dnnl_convolution_desc_t description;
  dnnl_status_t status = dnnl_convolution_forward_desc_init(&description, dnnl_forward_inference,
    dnnl_convolution_direct, source, weights, bias, destination, stride, front, back);
  return status == dnnl_success ? dnnl_primitive_desc_create(choice, &description, attributes, engine, NULL) : status;
}

dnnl_status_t choose_pooling(dnnl_primitive_desc_t *choice, dnnl_engine_t engine, dnnl_alg_kind_t kind,
  const_layout source, const_layout destination, const dnnl_dims_t size, const dnnl_dims_t stride,
  const dnnl_dims_t front, const dnnl_dims_t back, const_dnnl_primitive_attr_t attributes) {
  dnnl_pooling_desc_t description;
  dnnl_status_t status = dnnl_pooling_forward_desc_init(
    &description, dnnl_forward_inference, kind, source, destination, stride, size, front, back);
  return status == dnnl_success ? dnnl_primitive_desc_create(choice, &description, attributes, engine, NULL) : status;
}

dnnl_status_t choose_product(dnnl_primitive_desc_t *choice, dnnl_engine_t engine, const_layout left, const_layout right,
  const_layout bias, const_layout result, const_dnnl_primitive_attr_t attributes) {
  dnnl_matmul_desc_t description;
  dnnl_status_t status = dnnl_matmul_desc_init(&description, left, right, bias, result);
  return status == dnnl_success ? dnnl_primitive_desc_create(choice, &description, attributes, engine, NULL) : status;
}

dnnl_status_t choose_softmax(dnnl_primitive_desc_t *choice, dnnl_engine_t engine, const_layout matrix,
  const_dnnl_primitive_attr_t attributes) {
  dnnl_softmax_desc_t description;
  dnnl_status_t status = dnnl_softmax_forward_desc_init(&description, dnnl_forward_inference, matrix, 1);
  return status == dnnl_success ? dnnl_primitive_desc_create(choice, &description, attributes, engine, NULL) : status;
}

#endif
