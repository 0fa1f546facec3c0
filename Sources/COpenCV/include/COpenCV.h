/* The only place that calls OpenCV: a plain C face over its network runner, its background model and its drawing.
 *
 * A function that can fail returns NULL on success, or a text that says what failed and stays valid until the same thread's
 * next call. No C++ exception leaves the shim, and OpenCV's own messages do not reach standard error. A network or a
 * background model belongs to one thread at a time. OpenCV 4.6 is what Debian 12 has.
 */
#ifndef COPENCV_H
#define COPENCV_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ocv_network ocv_network;
typedef struct ocv_background ocv_background;

/* Interleaved RGB bytes. */
typedef struct {
  const uint8_t *pixels;
  int32_t width, height;
  size_t row_bytes;
} ocv_picture;

/* What a network reads: the picture scaled to `scaled_width` x `scaled_height`, at the top left of `width` x `height`. */
typedef struct {
  int32_t width, height, scaled_width, scaled_height;
} ocv_letterbox;

/* Floats that the network owns, until its next run. */
typedef struct {
  const float *values;
  int64_t count;
  int32_t rank;
  int64_t sides[8];
} ocv_output;

/* A connected patch of foreground, in pixels of the picture that the model sees; `moving` of its pixels differ from the last
 * picture's. */
typedef struct {
  int32_t x, y, width, height, area, moving;
} ocv_patch;

/* "4.6.0"; a static text. */
const char *ocv_version(void);
/* Threads of OpenCV's parallel regions in the whole process, at least 1. */
const char *ocv_set_threads(int threads);

/* Reads an ONNX file's bytes, which are not kept. */
const char *ocv_network_read(const uint8_t *bytes, size_t count, ocv_network **result);
void ocv_network_destroy(ocv_network *network);
/* One pass over B, G, R planes of 0 to 255; the border is 114. */
const char *ocv_network_run(
  ocv_network *network, const ocv_picture *picture, const ocv_letterbox *letterbox, ocv_output *output);

/* Zivkovic's mixture of Gaussians; `share` of a pixel's history is background. */
const char *ocv_background_create(double share, ocv_background **result);
void ocv_background_destroy(ocv_background *model);
/* Compares the picture, scaled to `width` x `height`, with the model, then lets the model learn at `rate`; a negative
 * rate is one that falls with the number of pictures. Shadows are background. Up to `capacity` patches are written. */
const char *ocv_background_apply(ocv_background *model, const ocv_picture *picture, int32_t width, int32_t height,
  double rate, ocv_patch *patches, int32_t capacity, int32_t *count, int64_t *foreground);

/* Something to draw. A text has `scale` above 0, begins at `x` with its baseline at `y` and reads on to a zero byte; what
 * is not ASCII becomes a question mark. A rectangle has `scale` 0; its lines are `thickness` wide, or it is filled with
 * 0. What lies outside the picture is left out. */
typedef struct {
  int32_t x, y, width, height;
  int32_t thickness;
  double scale;
  uint8_t red, green, blue;
  double opacity; /* of a filled rectangle, 0 to 1 */
  size_t text;    /* where the text begins in `texts` */
} ocv_mark;

/* Draws on interleaved RGB bytes, in order; `texts` ends with a zero byte. Nothing is written outside the picture. */
const char *ocv_draw(uint8_t *pixels, int32_t width, int32_t height, const ocv_mark *marks, size_t count,
  const char *texts);
/* How wide a text is in pixels. */
const char *ocv_text_width(const char *text, double scale, int32_t thickness, int32_t *width);

#ifdef __cplusplus
}
#endif

#endif
