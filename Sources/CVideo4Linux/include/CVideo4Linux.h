// V4L2 capture as functions over plain structs; the requests and unions of videodev2.h stay inside.
//
// Functions return 0 or a negative errno; a signal does not end them. Devices with one memory plane per buffer are
// handled, through the single-planar or the multi-planar interface.
#ifndef CVIDEO4LINUX_H
#define CVIDEO4LINUX_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  int fd;
  int converts;       // requests go through libv4l2, which converts formats
  int multi_planar;
} cv4l2_device;

typedef struct {
  char driver[32];
  char card[64];
  char bus[64];
  int captures;       // it captures video and streams through memory mapping
  int multi_planar;
} cv4l2_capability;

typedef struct {
  uint32_t four_cc;
  char name[64];
  int is_emulated;
} cv4l2_format_name;

// Sizes or intervals from `minimum` to `maximum` in steps, or just `minimum` when discrete.
typedef struct {
  int is_discrete;
  uint32_t width, height, maximum_width, maximum_height, step_width, step_height;
} cv4l2_size_range;

typedef struct {
  int is_discrete;
  uint32_t numerator, denominator, maximum_numerator, maximum_denominator;
} cv4l2_interval_range;

typedef struct {
  uint32_t width, height, four_cc;
  uint32_t row_bytes;   // of the first plane
  uint32_t image_bytes;
  int32_t matrix;       // 601, 709 or 2020
  int32_t full_range;
} cv4l2_format;

typedef struct {
  uint32_t id;
  char name[64];
  int32_t minimum, maximum, step, default_value;
  int is_settable;      // neither disabled nor read-only, and a plain number
} cv4l2_control;

typedef struct {
  uint32_t index, sequence, byte_count;
  int is_faulty;        // V4L2_BUF_FLAG_ERROR
  int is_monotonic;     // timestamp_ns is on CLOCK_MONOTONIC
  int64_t timestamp_ns;
} cv4l2_filled_buffer;

enum { CV4L2_READABLE = 1, CV4L2_FAULTY = 2 };

// Whether the driver's answers mean that luma uses the full range 0 to 255.
int cv4l2_is_full_range(uint32_t quantization, uint32_t color_space, uint32_t four_cc);

// The control that lets auto exposure lower the frame rate in the dark.
extern const uint32_t cv4l2_exposure_dynamic_framerate;

int cv4l2_open(const char *path, cv4l2_device *device);
void cv4l2_close(const cv4l2_device *device);
// Lets libv4l2 convert from now on.
int cv4l2_start_converting(cv4l2_device *device);
int cv4l2_query_capability(const cv4l2_device *device, cv4l2_capability *capability);

// -EINVAL after the last one, like all functions below that take an index.
int cv4l2_enumerate_format(const cv4l2_device *device, uint32_t index, cv4l2_format_name *format);
int cv4l2_enumerate_size(const cv4l2_device *device, uint32_t four_cc, uint32_t index, cv4l2_size_range *size);
int cv4l2_enumerate_interval(
  const cv4l2_device *device, uint32_t four_cc, uint32_t width, uint32_t height, uint32_t index,
  cv4l2_interval_range *interval);

// Asks for a format and size; `format` receives what the driver chose.
int cv4l2_set_format(const cv4l2_device *device, uint32_t four_cc, uint32_t width, uint32_t height, cv4l2_format *format);

// The current format.
int cv4l2_get_format(const cv4l2_device *device, cv4l2_format *format);
// Asks for an interval; the driver's choice is written back to the two numbers.
int cv4l2_set_interval(const cv4l2_device *device, uint32_t *numerator, uint32_t *denominator);
// The control after `id`; start with 0.
int cv4l2_next_control(const cv4l2_device *device, uint32_t id, cv4l2_control *control);
int cv4l2_get_control(const cv4l2_device *device, uint32_t id, int32_t *value);
int cv4l2_set_control(const cv4l2_device *device, uint32_t id, int32_t value);

// Asks for buffers; `count` receives the number granted. 0 frees them.
int cv4l2_request_buffers(const cv4l2_device *device, uint32_t *count);
int cv4l2_map_buffer(const cv4l2_device *device, uint32_t index, void **address, size_t *length);
void cv4l2_unmap_buffer(const cv4l2_device *device, void *address, size_t length);
int cv4l2_queue(const cv4l2_device *device, uint32_t index);
int cv4l2_dequeue(const cv4l2_device *device, cv4l2_filled_buffer *buffer);
int cv4l2_stream(const cv4l2_device *device, int on);
// Waits for a buffer: returns 0 on timeout, or the flags above.
int cv4l2_wait(const cv4l2_device *device, int milliseconds);

#endif
