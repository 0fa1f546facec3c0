// Writes small media files for tests.
#ifndef CTESTMEDIA_H
#define CTESTMEDIA_H

#include <stddef.h>
#include <stdint.h>

typedef struct ctestmedia_writer ctestmedia_writer;

// The properties of a file; names are libavformat's and libavcodec's. NULL pixel_format: the codec has only one.
typedef struct {
  const char *container;
  const char *codec;
  const char *pixel_format;
  int32_t width;
  int32_t height;
  int32_t rate;        // frames per second
  int32_t matrix;      // 601, 709, or 0 to declare nothing
  int32_t full_range;  // -1 to declare nothing
  int32_t rotation;    // degrees clockwise that a player should rotate it
  int32_t mirrored;    // 1: and then mirror it, left to right
  int32_t key_pictures_mirrored;  // 1: H.264's key pictures declare themselves, and those up to the next, mirrored
} ctestmedia_description;

// Each function returns 0 or a negative code of libav.
int ctestmedia_open(const char *path, const ctestmedia_description *description, ctestmedia_writer **writer);

// One picture, planes one after another without padding, at a time in milliseconds.
int ctestmedia_write(ctestmedia_writer *writer, const uint8_t *bytes, size_t count, int64_t time_ms);

// Finishes the file and frees the writer.
int ctestmedia_close(ctestmedia_writer *writer);

#endif
