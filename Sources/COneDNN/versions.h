/* One interface for what differs between oneDNN 2 and 3. */
#ifndef CONEDNN_VERSIONS_H
#define CONEDNN_VERSIONS_H

#include <oneapi/dnnl/dnnl.h>

/* How a tensor lies in memory; created by make_layout, freed by destroy_layout, which accepts NULL. */
#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t layout;
typedef const_dnnl_memory_desc_t const_layout;
#else
typedef dnnl_memory_desc_t *layout;
typedef const dnnl_memory_desc_t *const_layout;
#endif

dnnl_status_t make_layout(
  layout *result, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag);
void destroy_layout(layout layout);

/* Sums of a convolution times a factor for each output channel. Version 2 takes the factors here and scales the bias too;
 * version 3 takes them with each run, as SCALES_ARGUMENT, and adds the bias to what is scaled. */
#if DNNL_VERSION_MAJOR >= 3
enum { SCALES_ARE_ARGUMENTS = 1, SCALES_ARGUMENT = DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS };
#else
enum { SCALES_ARE_ARGUMENTS = 0, SCALES_ARGUMENT = 0 };
#endif
dnnl_status_t scale_outputs(dnnl_primitive_attr_t attributes, dnnl_dim_t outputs, const float *scales);
dnnl_status_t append_relu(dnnl_post_ops_t operations);
dnnl_status_t append_sum(dnnl_post_ops_t operations);

/* Lets the library choose a kernel; free the choice with dnnl_primitive_desc_destroy. `bias` may be NULL. */
dnnl_status_t choose_convolution(dnnl_primitive_desc_t *choice, dnnl_engine_t engine, const_layout source,
  const_layout weights, const_layout bias, const_layout destination, const dnnl_dims_t stride, const dnnl_dims_t front,
  const dnnl_dims_t back, const_dnnl_primitive_attr_t attributes);
dnnl_status_t choose_pooling(dnnl_primitive_desc_t *choice, dnnl_engine_t engine, dnnl_alg_kind_t kind,
  const_layout source, const_layout destination, const dnnl_dims_t size, const dnnl_dims_t stride,
  const dnnl_dims_t front, const dnnl_dims_t back, const_dnnl_primitive_attr_t attributes);
dnnl_status_t choose_product(dnnl_primitive_desc_t *choice, dnnl_engine_t engine, const_layout left, const_layout right,
  const_layout bias, const_layout result, const_dnnl_primitive_attr_t attributes);
/* Over the second of two axes, in place. */
dnnl_status_t choose_softmax(dnnl_primitive_desc_t *choice, dnnl_engine_t engine, const_layout matrix,
  const_dnnl_primitive_attr_t attributes);

#endif
