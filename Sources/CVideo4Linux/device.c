#include "CVideo4Linux.h"

#include <errno.h>
#include <fcntl.h>
#include <libv4l2.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

const uint32_t cv4l2_exposure_dynamic_framerate = V4L2_CID_EXPOSURE_AUTO_PRIORITY;

static int request(const cv4l2_device *device, unsigned long number, void *argument) {
  int code;
  do {
    code = device->converts ? v4l2_ioctl(device->fd, number, argument) : ioctl(device->fd, number, argument);
  } while (code < 0 && errno == EINTR);
  return code < 0 ? -errno : 0;
}

static uint32_t buffer_type(const cv4l2_device *device) {
  return device->multi_planar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
}

static void copy_text(char *to, size_t room, const uint8_t *from, size_t count) {
  size_t length = strnlen((const char *)from, count);
  if (length >= room) length = room - 1;
  memcpy(to, from, length);
  to[length] = 0;
}

int cv4l2_open(const char *path, cv4l2_device *device) {
  *device = (cv4l2_device){.fd = -1};
  do {
    device->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  } while (device->fd < 0 && errno == EINTR);
  return device->fd < 0 ? -errno : 0;
}

void cv4l2_close(const cv4l2_device *device) {
  if (device->converts) v4l2_close(device->fd);
  else close(device->fd);
}

int cv4l2_start_converting(cv4l2_device *device) {
  if (device->multi_planar) return -ENOTSUP;
  if (v4l2_fd_open(device->fd, 0) < 0) return -errno;
  device->converts = 1;
  return 0;
}

int cv4l2_query_capability(const cv4l2_device *device, cv4l2_capability *capability) {
  struct v4l2_capability it = {0};
  int code = request(device, VIDIOC_QUERYCAP, &it);
  if (code < 0) return code;
  // The node's own capabilities: a webcam's second node holds metadata.
  uint32_t flags = it.capabilities & V4L2_CAP_DEVICE_CAPS ? it.device_caps : it.capabilities;
  *capability = (cv4l2_capability){0};
  copy_text(capability->driver, sizeof capability->driver, it.driver, sizeof it.driver);
  copy_text(capability->card, sizeof capability->card, it.card, sizeof it.card);
  copy_text(capability->bus, sizeof capability->bus, it.bus_info, sizeof it.bus_info);
  uint32_t either = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_CAPTURE_MPLANE;
  capability->captures = (flags & either) != 0 && (flags & V4L2_CAP_STREAMING) != 0;
  capability->multi_planar = (flags & either) == V4L2_CAP_VIDEO_CAPTURE_MPLANE;
  return 0;
}

int cv4l2_enumerate_format(const cv4l2_device *device, uint32_t index, cv4l2_format_name *format) {
  struct v4l2_fmtdesc it = {.index = index, .type = buffer_type(device)};
  int code = request(device, VIDIOC_ENUM_FMT, &it);
  if (code < 0) return code;
  *format = (cv4l2_format_name){
    .four_cc = it.pixelformat, .is_emulated = (it.flags & V4L2_FMT_FLAG_EMULATED) != 0};
  copy_text(format->name, sizeof format->name, it.description, sizeof it.description);
  return 0;
}

int cv4l2_enumerate_size(const cv4l2_device *device, uint32_t four_cc, uint32_t index, cv4l2_size_range *size) {
  struct v4l2_frmsizeenum it = {.index = index, .pixel_format = four_cc};
  int code = request(device, VIDIOC_ENUM_FRAMESIZES, &it);
  if (code < 0) return code;
  if (it.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
    *size = (cv4l2_size_range){
      .is_discrete = 1, .width = it.discrete.width, .height = it.discrete.height,
      .maximum_width = it.discrete.width, .maximum_height = it.discrete.height};
    return 0;
  }
  // A range is a single entry, which drivers repeat for any index.
  if (index > 0) return -EINVAL;
  *size = (cv4l2_size_range){
    .width = it.stepwise.min_width, .height = it.stepwise.min_height,
    .maximum_width = it.stepwise.max_width, .maximum_height = it.stepwise.max_height,
    .step_width = it.stepwise.step_width, .step_height = it.stepwise.step_height};
  return 0;
}

int cv4l2_enumerate_interval(
  const cv4l2_device *device, uint32_t four_cc, uint32_t width, uint32_t height, uint32_t index,
  cv4l2_interval_range *interval) {
  struct v4l2_frmivalenum it = {.index = index, .pixel_format = four_cc, .width = width, .height = height};
  int code = request(device, VIDIOC_ENUM_FRAMEINTERVALS, &it);
  if (code < 0) return code;
  if (it.type == V4L2_FRMIVAL_TYPE_DISCRETE) {
    *interval = (cv4l2_interval_range){
      .is_discrete = 1, .numerator = it.discrete.numerator, .denominator = it.discrete.denominator,
      .maximum_numerator = it.discrete.numerator, .maximum_denominator = it.discrete.denominator};
    return 0;
  }
  if (index > 0) return -EINVAL;
  *interval = (cv4l2_interval_range){
    .numerator = it.stepwise.min.numerator, .denominator = it.stepwise.min.denominator,
    .maximum_numerator = it.stepwise.max.numerator, .maximum_denominator = it.stepwise.max.denominator};
  return 0;
}

static int matrix_of(uint32_t encoding, uint32_t color_space) {
  if (encoding == V4L2_YCBCR_ENC_DEFAULT) encoding = V4L2_MAP_YCBCR_ENC_DEFAULT(color_space);
  switch (encoding) {
    case V4L2_YCBCR_ENC_709: case V4L2_YCBCR_ENC_XV709: return 709;
    case V4L2_YCBCR_ENC_BT2020: case V4L2_YCBCR_ENC_BT2020_CONST_LUM: return 2020;
    default: return 601;
  }
}

int cv4l2_is_full_range(uint32_t quantization, uint32_t color_space, uint32_t four_cc) {
  if (quantization == V4L2_QUANTIZATION_DEFAULT) {
    // Monochrome sensors give all levels, and their drivers report no range.
    if (four_cc == V4L2_PIX_FMT_GREY) return 1;
    quantization = V4L2_MAP_QUANTIZATION_DEFAULT(0, color_space, 0);
  }
  return quantization == V4L2_QUANTIZATION_FULL_RANGE;
}

// Sets the format, or with a FourCC of 0 reads the current one.
static int agree_format(
  const cv4l2_device *device, uint32_t four_cc, uint32_t width, uint32_t height, cv4l2_format *format) {
  unsigned long number = four_cc != 0 ? VIDIOC_S_FMT : VIDIOC_G_FMT;
  struct v4l2_format it = {.type = buffer_type(device)};
  if (device->multi_planar) {
    struct v4l2_pix_format_mplane *pixels = &it.fmt.pix_mp;
    pixels->pixelformat = four_cc;
    pixels->width = width;
    pixels->height = height;
    pixels->field = V4L2_FIELD_ANY;
    pixels->num_planes = 1;
    int code = request(device, number, &it);
    if (code < 0) return code;
    if (pixels->num_planes != 1) return -ENOTSUP;
    *format = (cv4l2_format){
      .width = pixels->width, .height = pixels->height, .four_cc = pixels->pixelformat,
      .row_bytes = pixels->plane_fmt[0].bytesperline, .image_bytes = pixels->plane_fmt[0].sizeimage,
      .matrix = matrix_of(pixels->ycbcr_enc, pixels->colorspace),
      .full_range = cv4l2_is_full_range(pixels->quantization, pixels->colorspace, pixels->pixelformat)};
    return 0;
  }
  struct v4l2_pix_format *pixels = &it.fmt.pix;
  pixels->pixelformat = four_cc;
  pixels->width = width;
  pixels->height = height;
  pixels->field = V4L2_FIELD_ANY;
  int code = request(device, number, &it);
  if (code < 0) return code;
  // Without the magic number the driver is too old to fill in the two fields.
  int knows_more = pixels->priv == V4L2_PIX_FMT_PRIV_MAGIC;
  *format = (cv4l2_format){
    .width = pixels->width, .height = pixels->height, .four_cc = pixels->pixelformat,
    .row_bytes = pixels->bytesperline, .image_bytes = pixels->sizeimage,
    .matrix = matrix_of(knows_more ? pixels->ycbcr_enc : 0, pixels->colorspace),
    .full_range = cv4l2_is_full_range(
      knows_more ? pixels->quantization : 0, pixels->colorspace, pixels->pixelformat)};
  return 0;
}

int cv4l2_set_format(
  const cv4l2_device *device, uint32_t four_cc, uint32_t width, uint32_t height, cv4l2_format *format) {
  return agree_format(device, four_cc, width, height, format);
}

int cv4l2_get_format(const cv4l2_device *device, cv4l2_format *format) {
  return agree_format(device, 0, 0, 0, format);
}

int cv4l2_set_interval(const cv4l2_device *device, uint32_t *numerator, uint32_t *denominator) {
  struct v4l2_streamparm it = {.type = buffer_type(device)};
  it.parm.capture.timeperframe.numerator = *numerator;
  it.parm.capture.timeperframe.denominator = *denominator;
  int code = request(device, VIDIOC_S_PARM, &it);
  if (code < 0) return code;
  *numerator = it.parm.capture.timeperframe.numerator;
  *denominator = it.parm.capture.timeperframe.denominator;
  return 0;
}

int cv4l2_next_control(const cv4l2_device *device, uint32_t id, cv4l2_control *control) {
  struct v4l2_queryctrl it = {.id = id | V4L2_CTRL_FLAG_NEXT_CTRL};
  int code = request(device, VIDIOC_QUERYCTRL, &it);
  if (code < 0) return code;
  uint32_t hidden = V4L2_CTRL_FLAG_DISABLED | V4L2_CTRL_FLAG_READ_ONLY | V4L2_CTRL_FLAG_WRITE_ONLY;
  int is_number = it.type == V4L2_CTRL_TYPE_INTEGER || it.type == V4L2_CTRL_TYPE_BOOLEAN
    || it.type == V4L2_CTRL_TYPE_MENU || it.type == V4L2_CTRL_TYPE_INTEGER_MENU || it.type == V4L2_CTRL_TYPE_BITMASK;
  *control = (cv4l2_control){
    .id = it.id, .minimum = it.minimum, .maximum = it.maximum, .step = it.step, .default_value = it.default_value,
    .is_settable = is_number && (it.flags & hidden) == 0};
  copy_text(control->name, sizeof control->name, it.name, sizeof it.name);
  return 0;
}

int cv4l2_get_control(const cv4l2_device *device, uint32_t id, int32_t *value) {
  struct v4l2_control it = {.id = id};
  int code = request(device, VIDIOC_G_CTRL, &it);
  *value = it.value;
  return code;
}

int cv4l2_set_control(const cv4l2_device *device, uint32_t id, int32_t value) {
  struct v4l2_control it = {.id = id, .value = value};
  return request(device, VIDIOC_S_CTRL, &it);
}

int cv4l2_request_buffers(const cv4l2_device *device, uint32_t *count) {
  struct v4l2_requestbuffers it = {
    .count = *count, .type = buffer_type(device), .memory = V4L2_MEMORY_MMAP};
  int code = request(device, VIDIOC_REQBUFS, &it);
  if (code == 0) *count = it.count;
  return code;
}

// A v4l2_buffer and the plane it points to.
typedef struct {
  struct v4l2_buffer buffer;
  struct v4l2_plane plane;
} buffer_pair;

static void prepare(const cv4l2_device *device, buffer_pair *it, uint32_t index) {
  memset(it, 0, sizeof *it);
  it->buffer.index = index;
  it->buffer.type = buffer_type(device);
  it->buffer.memory = V4L2_MEMORY_MMAP;
  if (device->multi_planar) {
    it->buffer.m.planes = &it->plane;
    it->buffer.length = 1;
  }
}

int cv4l2_map_buffer(const cv4l2_device *device, uint32_t index, void **address, size_t *length) {
  buffer_pair it;
  prepare(device, &it, index);
  int code = request(device, VIDIOC_QUERYBUF, &it.buffer);
  if (code < 0) return code;
  *length = device->multi_planar ? it.plane.length : it.buffer.length;
  int64_t offset = device->multi_planar ? it.plane.m.mem_offset : it.buffer.m.offset;
  int access = PROT_READ | PROT_WRITE;
  void *mapped = device->converts ? v4l2_mmap(NULL, *length, access, MAP_SHARED, device->fd, offset)
                                  : mmap(NULL, *length, access, MAP_SHARED, device->fd, offset);
  if (mapped == MAP_FAILED) return -errno;
  *address = mapped;
  return 0;
}

void cv4l2_unmap_buffer(const cv4l2_device *device, void *address, size_t length) {
  if (device->converts) v4l2_munmap(address, length);
  else munmap(address, length);
}

int cv4l2_queue(const cv4l2_device *device, uint32_t index) {
  buffer_pair it;
  prepare(device, &it, index);
  return request(device, VIDIOC_QBUF, &it.buffer);
}

int cv4l2_dequeue(const cv4l2_device *device, cv4l2_filled_buffer *filled) {
  buffer_pair it;
  prepare(device, &it, 0);
  int code = request(device, VIDIOC_DQBUF, &it.buffer);
  if (code < 0) return code;
  uint32_t clock = it.buffer.flags & V4L2_BUF_FLAG_TIMESTAMP_MASK;
  *filled = (cv4l2_filled_buffer){
    .index = it.buffer.index,
    .sequence = it.buffer.sequence,
    .byte_count = device->multi_planar ? it.plane.bytesused : it.buffer.bytesused,
    .is_faulty = (it.buffer.flags & V4L2_BUF_FLAG_ERROR) != 0,
    .is_monotonic = clock == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC,
    .timestamp_ns = (int64_t)it.buffer.timestamp.tv_sec * 1000000000 + it.buffer.timestamp.tv_usec * 1000,
  };
  return 0;
}

int cv4l2_stream(const cv4l2_device *device, int on) {
  int type = (int)buffer_type(device);
  return request(device, on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &type);
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int cv4l2_wait(const cv4l2_device *device, int milliseconds) {
  int64_t end = now_ms() + milliseconds;
  struct pollfd it = {.fd = device->fd, .events = POLLIN};
  int code;
  do {
    int64_t left = end - now_ms();
    code = poll(&it, 1, left > 0 ? (int)left : 0);
  } while (code < 0 && errno == EINTR);
  if (code < 0) return -errno;
  return (it.revents & POLLIN ? CV4L2_READABLE : 0) | (it.revents & (POLLERR | POLLHUP | POLLNVAL) ? CV4L2_FAULTY : 0);
}
