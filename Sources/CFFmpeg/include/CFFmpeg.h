// Reads and writes video frame by frame through libavformat, libavcodec and libswscale, none of whose types appear in
// this interface.
//
// Functions return 0 or more, or a negative error code that cffmpeg_error_text turns into text. A reader or writer
// belongs to one thread at a time.
#ifndef CFFMPEG_H
#define CFFMPEG_H

#include <stddef.h>
#include <stdint.h>

typedef struct cffmpeg_reader cffmpeg_reader;
typedef struct cffmpeg_writer cffmpeg_writer;
typedef struct cffmpeg_interruption cffmpeg_interruption;

// How a picture's bytes are laid out; chroma planes of odd sizes are rounded up.
enum {
  CFFMPEG_I420,
  CFFMPEG_I422,
  CFFMPEG_I444,
  CFFMPEG_NV12,
  CFFMPEG_YUYV,
  CFFMPEG_UYVY,
  CFFMPEG_GREY,
  CFFMPEG_RGB24,
  CFFMPEG_BGR24,
};

enum {
  CFFMPEG_ENDED = 0,
  CFFMPEG_PICTURE = 1,
  // Only from a reader made by cffmpeg_open_h264: it needs another packet.
  CFFMPEG_HUNGRY = 2,
};

// How an RTSP camera sends; the first means TCP if the camera accepts it, else whatever it offers.
enum {
  CFFMPEG_TRANSPORT_AUTO,
  CFFMPEG_TRANSPORT_TCP,
  CFFMPEG_TRANSPORT_UDP,
};

// Our own error codes, in addition to libav's.
enum {
  // The file or stream has no video; a cover picture does not count.
  CFFMPEG_NO_VIDEO = -1000001,
  // Its pictures have more than CFFMPEG_MAX_PIXELS pixels.
  CFFMPEG_TOO_LARGE = -1000002,
  // The connection ended before the announced length.
  CFFMPEG_CUT_OFF = -1000003,
};

// An 8K picture; a file that claims more is treated as faulty or hostile.
#define CFFMPEG_MAX_PIXELS 35651584

#define CFFMPEG_NO_TIME INT64_MIN

// How to show a stored picture: where one step to the right and one step down in it lead on the screen, as in a display
// matrix.
typedef struct {
  double right_x;
  double right_y;
  double down_x;
  double down_y;
} cffmpeg_orientation;

typedef struct {
  int32_t width;
  int32_t height;
  int64_t duration_ns;  // -1: unknown
  int64_t frame_count;  // -1: unknown; may be an estimate
  double rate;          // frames per second; 0: unknown
  cffmpeg_orientation orientation;  // from the container; pictures may differ
  int32_t by_arrival;   // 1: times are packet arrivals (CLOCK_MONOTONIC), because the stream has none
  int32_t is_segmented; // 1: frames arrive many at a time, as in HLS
  int32_t is_picture;   // 1: a single picture, such as a JPEG
} cffmpeg_information;

typedef struct {
  int32_t width;
  int32_t height;
  int32_t layout;
  int32_t matrix;      // 601 or 709; 0: the stream does not say
  int32_t full_range;  // 0 or 1
  int64_t time_ns;     // the stream's own time, or CFFMPEG_NO_TIME
  cffmpeg_orientation orientation;  // the picture's own (SEI, EXIF), else the container's
  int64_t waited_ns;   // how long reading took; near zero if packets were already waiting
} cffmpeg_picture;

// Opens a file by path or a stream by address. A playlist in a file can only name files, one in a stream only streams.
// `transport` is for RTSP. Gives up at deadline_ns (CLOCK_MONOTONIC). With CFFMPEG_TOO_LARGE, size holds the pictures'
// width and height. Opening, and every later wait, ends early once `interruption` is set; it may be NULL.
int cffmpeg_open(
  const char *location, int is_file, int transport, int threads, int64_t deadline_ns, int32_t size[2],
  const cffmpeg_interruption *interruption, cffmpeg_reader **reader);

// Ends readers' waits from another thread; must outlive the readers.
cffmpeg_interruption *cffmpeg_make_interruption(void);
void cffmpeg_interrupt(cffmpeg_interruption *interruption);
void cffmpeg_free_interruption(cffmpeg_interruption *interruption);

// Opens a decoder for H.264 packets from elsewhere.
int cffmpeg_open_h264(int threads, cffmpeg_reader **reader);

void cffmpeg_close(cffmpeg_reader *reader);

void cffmpeg_describe(const cffmpeg_reader *reader, cffmpeg_information *information);

// Decodes the next picture; returns one of the values above or an error. Damaged pictures come out as players show
// them.
int cffmpeg_next(cffmpeg_reader *reader, int64_t deadline_ns, cffmpeg_picture *picture);

// Hands a packet to a decoder; its time is returned with the picture.
int cffmpeg_send(cffmpeg_reader *reader, const uint8_t *bytes, size_t count, int64_t time_ns);

// Bytes of the current picture with its planes one after another, without padding.
size_t cffmpeg_picture_size(const cffmpeg_reader *reader);

// Copies the current picture in that layout; -ENOBUFS when count is not that size.
int cffmpeg_copy_picture(const cffmpeg_reader *reader, uint8_t *bytes, size_t count);

// When no picture at all could be decoded: CFFMPEG_TOO_LARGE and the size if that is why, else 0.
int cffmpeg_why_nothing(const cffmpeg_reader *reader, int32_t size[2]);

// Number of faulty packets and pictures so far, whether skipped or not.
int64_t cffmpeg_corrupt_count(const cffmpeg_reader *reader);

// How a video is written: container and encoder by libav's names, pixel format, a whole number of frames per second,
// ticks per second of the clock that frame times are rounded to, and a quantiser from 1 (best) to 31, or 0 for the
// encoder's default. For libx264 it is the constant rate factor.
typedef struct {
  const char *container;
  const char *codec;
  int32_t width;
  int32_t height;
  int32_t rate;
  int32_t ticks;
  int32_t quality;
} cffmpeg_film;

// True when there is an encoder of this name.
int cffmpeg_can_encode(const char *codec);

// Creates a file; the same pictures always give the same bytes. libx264 only takes even sizes: odd ones get one more
// column or row, a copy of the last.
int cffmpeg_create(const char *path, const cffmpeg_film *film, cffmpeg_writer **writer);

// Adds a picture of width * height * 3 bytes of RGB, shown from time_ns on; CFFMPEG_NO_TIME means at the frame rate. A
// time that is not after the previous one is moved to the next tick.
int cffmpeg_add(cffmpeg_writer *writer, const uint8_t *rgb, size_t count, int64_t time_ns);

// Writes what is left and frees the writer, even on failure.
int cffmpeg_finish(cffmpeg_writer *writer);

// Frees the writer and leaves the file unfinished.
void cffmpeg_abandon(cffmpeg_writer *writer);

// True if the code means that an RTSP camera refuses every transport it was asked for.
int cffmpeg_is_refused_transport(int code);

// True if the code means that the deadline passed.
int cffmpeg_is_timeout(int code);

// Writes at most count bytes, with a terminating zero.
void cffmpeg_error_text(int code, char *text, size_t count);

#endif
