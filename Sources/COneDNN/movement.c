/* Passes that only move or convert values. In C because each is compiled for several instruction sets, selected when
 * the program starts, and shares oneDNN's threads. */
#include "COneDNN.h"
#include "parallel.h"

/* MARK: Input */

/* Widest picture (512) with the widest kernel's margin on either side, three channels each. */
enum { MARGIN = 16, WIDEST = 512, ROW = 3 * (WIDEST + 2 * MARGIN) };

FOR_EACH_CPU static void bytes_to_f32(const uint8_t *from, float *to, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] = (float)(2 * (int32_t)from[i] - 255);
}

FOR_EACH_CPU static void bytes_to_bf16(const uint8_t *from, uint16_t *to, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    float value = (float)(2 * (int32_t)from[i] - 255);
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    to[i] = (uint16_t)(bits >> 16); /* exact: an odd number below 256 has 8 significant bits */
  }
}

/* 255 v of a v in [-1, 1], as the byte that stands for it. */
static uint8_t rounded_to_byte(float value) {
  const float byte = (value + 255) / 2;
  return byte <= 0 ? 0 : byte >= 255 ? 255 : (uint8_t)(byte + 0.5f);
}

/* One row, whose pixels and their places inside the picture begin after margins. */
__attribute__((always_inline)) static inline void pack_positions(
  const odn_packing *packing, int64_t count, const uint8_t *pixels, const uint8_t *inside, uint8_t *to) {
  for (int64_t p = 0; p < packing->positions; p++, to += 4 * count) {
    const int64_t at = MARGIN + p * packing->stride - packing->offset;
    memcpy(to, pixels + 3 * at, 3 * count);
    memcpy(to + 3 * count, inside + at, count);
  }
}

static void pack_bytes(const odn_packing *packing, const uint8_t *pixels, const uint8_t *inside, uint8_t *to) {
  /* With a constant number of pixels the copies are a few instructions. */
  if (packing->pixels == 7) pack_positions(packing, 7, pixels, inside, to);
  else pack_positions(packing, packing->pixels, pixels, inside, to);
}

typedef struct {
  const odn_packing *packing;
  const uint8_t *bytes; /* or */
  const float *floats;
  char *packed;
} packing_job;

static void pack_rows(void *context) {
  const packing_job *job = context;
  const odn_packing *packing = job->packing;
  const int64_t width = packing->picture.width, height = packing->picture.height;
  const int64_t plane = packing->picture.frames * height, before = packing->first_frame * height;
  const size_t scalar = packing->type == ODN_U8 ? 1 : packing->type == ODN_BF16 ? sizeof(uint16_t) : sizeof(float);
  /* One converted row between margins of zeros. */
  union {
    float f32[ROW];
    uint16_t bf16[ROW];
    uint8_t u8[ROW];
  } row;
  memset(&row, 0, sizeof row);
  uint8_t inside[ROW / 3] = {0};
  memset(inside + MARGIN, 255, width);
  int64_t first, end;
  share(packing->frames * height, &first, &end);
  for (int64_t y = first; y < end; y++) {
    if (before + y < 0 || before + y >= plane) { /* before the clip begins */
      const size_t bytes = packing->positions * packing->channels * scalar;
      memset(job->packed + y * bytes, 0, bytes);
      continue;
    }
    if (job->bytes) {
      const uint8_t *from = job->bytes + (before + y) * width * 3;
      if (packing->type == ODN_U8) memcpy(row.u8 + 3 * MARGIN, from, 3 * width);
      else if (packing->type == ODN_BF16) bytes_to_bf16(from, row.bf16 + 3 * MARGIN, 3 * width);
      else bytes_to_f32(from, row.f32 + 3 * MARGIN, 3 * width);
    } else {
      for (int64_t channel = 0; channel < 3; channel++) {
        const float *from = job->floats + (channel * plane + before + y) * width;
        for (int64_t x = 0; x < width; x++) {
          float value = 255 * from[x];
          if (packing->type == ODN_U8) row.u8[3 * (MARGIN + x) + channel] = rounded_to_byte(value);
          else if (packing->type == ODN_BF16) row.bf16[3 * (MARGIN + x) + channel] = rounded_to_bf16(value);
          else row.f32[3 * (MARGIN + x) + channel] = value;
        }
      }
    }
    char *to = job->packed + y * packing->positions * packing->channels * scalar;
    if (packing->type == ODN_U8) {
      pack_bytes(packing, row.u8, inside, (uint8_t *)to);
      continue;
    }
    /* Channels past the last pixel repeat the next one; their weights are zero. */
    const char *from = (const char *)&row + 3 * (MARGIN - packing->offset) * scalar;
    const size_t step = 3 * packing->stride * scalar, bytes = packing->channels * scalar;
    if (step == bytes) memcpy(to, from, packing->positions * bytes);
    else for (int64_t p = 0; p < packing->positions; p++) memcpy(to + p * bytes, from + p * step, bytes);
  }
}

void odn_pack_pixels(const odn_packing *packing, const uint8_t *pixels, void *packed) {
  packing_job job = {packing, pixels, NULL, packed};
  GOMP_parallel(pack_rows, &job, 0, 0);
}

void odn_pack_floats(const odn_packing *packing, const float *values, void *packed) {
  packing_job job = {packing, NULL, values, packed};
  GOMP_parallel(pack_rows, &job, 0, 0);
}

/* MARK: Concatenation */

typedef struct {
  int count;
  const void *const *parts;
  const int64_t *part_bytes;
  int64_t positions;
  char *joined;
} joining_job;

static void join(void *context) {
  const joining_job *job = context;
  int64_t first, end, bytes = 0, offset = 0;
  share(job->positions, &first, &end);
  for (int i = 0; i < job->count; i++) bytes += job->part_bytes[i];
  for (int i = 0; i < job->count; i++) {
    const int64_t part = job->part_bytes[i];
    const char *from = (const char *)job->parts[i] + first * part;
    char *to = job->joined + first * bytes + offset;
    for (int64_t p = first; p < end; p++, from += part, to += bytes) memcpy(to, from, part);
    offset += part;
  }
}

void odn_concatenate(int count, const void *const *parts, const int64_t *part_bytes, int64_t positions, void *joined) {
  joining_job job = {count, parts, part_bytes, positions, joined};
  GOMP_parallel(join, &job, 0, 0);
}
