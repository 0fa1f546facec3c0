#include "CFFmpeg.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define MAX_PIXELS TEXT(CFFMPEG_MAX_PIXELS)
#define MAX_ALLOCATION ((size_t)256 << 20)
// After this many failed reads in a row, reading will not recover.
#define MAX_FAILED_READS 64

struct cffmpeg_interruption {
  atomic_int is_set;
};

struct cffmpeg_reader {
  const cffmpeg_interruption *interruption;  // may be NULL
  AVFormatContext *format;  // NULL: packets come from cffmpeg_send
  AVCodecContext *codec;
  AVPacket *packet;
  AVFrame *decoded;
  AVFrame *converted;
  const AVFrame *picture;  // decoded or converted
  struct SwsContext *scaler;
  AVRational time_base;
  int stream;
  int by_arrival;  // the stream has no timestamps
  AVIOContext *own;    // reads from `inner`, with a boundary inserted before it
  AVIOContext *inner;
  int prefix_left;
  int64_t waited_ns;
  cffmpeg_orientation said;  // from a picture; valid until the next key picture
  int has_said;
  int is_stream;
  int at_end;
  int is_cut_off;  // the server closed the connection before the announced length
  int failed_reads;
  int has_decoded;
  int32_t too_large[2];  // width and height of the pictures refused as too large
  int64_t corrupt;
  int64_t deadline_ns;
};

static void quieten(void) {
  av_log_set_level(AV_LOG_QUIET);
  av_max_alloc(MAX_ALLOCATION);
}

static int64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int past_deadline(void *opaque) {
  cffmpeg_reader *r = opaque;
  if (r->interruption != NULL && atomic_load(&r->interruption->is_set) != 0) return 1;
  return monotonic_ns() >= r->deadline_ns;
}

cffmpeg_interruption *cffmpeg_make_interruption(void) { return calloc(1, sizeof(cffmpeg_interruption)); }

void cffmpeg_interrupt(cffmpeg_interruption *interruption) { atomic_store(&interruption->is_set, 1); }

void cffmpeg_free_interruption(cffmpeg_interruption *interruption) { free(interruption); }

static cffmpeg_reader *make_reader(int64_t deadline_ns) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, quieten);
  cffmpeg_reader *r = calloc(1, sizeof *r);
  if (r == NULL) return NULL;
  r->deadline_ns = deadline_ns;
  r->packet = av_packet_alloc();
  r->decoded = av_frame_alloc();
  r->converted = av_frame_alloc();
  if (r->packet != NULL && r->decoded != NULL && r->converted != NULL) return r;
  cffmpeg_close(r);
  return NULL;
}

static int open_codec(cffmpeg_reader *r, const AVCodec *codec, const AVCodecParameters *parameters, int threads) {
  r->codec = avcodec_alloc_context3(codec);
  if (r->codec == NULL) return AVERROR(ENOMEM);
  if (parameters != NULL) {
    int code = avcodec_parameters_to_context(r->codec, parameters);
    if (code < 0) return code;
  }
  r->codec->pkt_timebase = r->time_base;
  r->codec->thread_count = threads;
  // Cameras send pictures in display order, so none needs to be held back for sorting.
  if (parameters == NULL) r->codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
  av_opt_set(r->codec, "max_pixels", MAX_PIXELS, 0);
  return avcodec_open2(r->codec, codec, NULL);
}

static int find_stream(cffmpeg_reader *r, const AVCodec **codec) {
  unsigned count = r->format->nb_streams;
  AVDictionary **options = count > 0 ? calloc(count, sizeof *options) : NULL;
  if (count > 0 && options == NULL) return AVERROR(ENOMEM);
  for (unsigned i = 0; i < count; i++) av_dict_set(&options[i], "max_pixels", MAX_PIXELS, 0);
  int code = avformat_find_stream_info(r->format, options);
  for (unsigned i = 0; i < count; i++) av_dict_free(&options[i]);
  free(options);
  if (code < 0) return code;
  code = av_find_best_stream(r->format, AVMEDIA_TYPE_VIDEO, -1, -1, codec, 0);
  if (code == AVERROR_STREAM_NOT_FOUND) return CFFMPEG_NO_VIDEO;
  // The best stream is a cover picture only if there is no other.
  if (code >= 0 && (r->format->streams[code]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) return CFFMPEG_NO_VIDEO;
  return code;
}

static int note_size(cffmpeg_reader *r, int width, int height) {
  if ((int64_t)width * height <= CFFMPEG_MAX_PIXELS) return 0;
  r->too_large[0] = width;
  r->too_large[1] = height;
  return CFFMPEG_TOO_LARGE;
}

static int refuse_buffer(AVCodecContext *codec, AVFrame *frame, int flags) {
  (void)flags;
  note_size(codec->opaque, frame->width, frame->height);
  return AVERROR(EINVAL);
}

// Finds out whether a packet fails because of its picture's size, which a decoder with a limit does not report: one
// without a limit asks for memory, and gets none.
static void ask_size(cffmpeg_reader *r, const AVPacket *packet) {
  AVCodecContext *codec = avcodec_alloc_context3(r->codec->codec);
  if (codec == NULL) return;
  if (r->format != NULL) avcodec_parameters_to_context(codec, r->format->streams[r->stream]->codecpar);
  codec->thread_count = 1;
  codec->opaque = r;
  codec->get_buffer2 = refuse_buffer;
  if (avcodec_open2(codec, NULL, NULL) == 0) avcodec_send_packet(codec, packet);
  avcodec_free_context(&codec);
}

static int make_format(cffmpeg_reader *r) {
  r->format = avformat_alloc_context();
  if (r->format == NULL) return AVERROR(ENOMEM);
  r->format->interrupt_callback.callback = past_deadline;
  r->format->interrupt_callback.opaque = r;
  return 0;
}

static void allow_protocols(AVDictionary **options, int is_file) {
  av_dict_set(options, "protocol_whitelist", is_file ? "file" : "http,https,tcp,tls,rtp,rtsp,udp,crypto", 0);
}

// The boundary that some cameras omit before their first picture. libavformat accepts any line that starts like this.
static const char missing_boundary[] = "--b\r\n";

static int read_with_boundary(void *opaque, uint8_t *bytes, int count) {
  cffmpeg_reader *r = opaque;
  if (r->prefix_left > 0) {
    int part = count < r->prefix_left ? count : r->prefix_left;
    memcpy(bytes, missing_boundary + sizeof missing_boundary - 1 - r->prefix_left, (size_t)part);
    r->prefix_left -= part;
    return part;
  }
  return avio_read_partial(r->inner, bytes, count);
}

// Whether an HTTP server declares a content type with this prefix.
static int has_type(AVIOContext *from, const char *beginning) {
  uint8_t *type = NULL;
  if (from != NULL) av_opt_get(from, "mime_type", AV_OPT_SEARCH_CHILDREN, &type);
  int has = type != NULL && av_stristart((const char *)type, beginning, NULL);
  av_free(type);
  return has;
}

// Opens MJPEG over HTTP that lacks the boundary before its first picture; AVERROR_INVALIDDATA for anything else.
static int open_without_boundary(cffmpeg_reader *r, const char *location) {
  AVIOInterruptCB interrupt = {past_deadline, r};
  AVDictionary *options = NULL;
  allow_protocols(&options, 0);
  int code = avio_open2(&r->inner, location, AVIO_FLAG_READ, &interrupt, &options);
  av_dict_free(&options);
  if (code < 0) return code;
  if (!has_type(r->inner, "multipart/")) return AVERROR_INVALIDDATA;
  r->prefix_left = sizeof missing_boundary - 1;
  uint8_t *buffer = av_malloc(32768);
  AVIOContext *context = buffer == NULL ? NULL : avio_alloc_context(buffer, 32768, 0, r, read_with_boundary, NULL, NULL);
  if (context == NULL) {
    av_free(buffer);
    return AVERROR(ENOMEM);
  }
  code = make_format(r);
  if (code < 0) {
    av_free(context->buffer);
    avio_context_free(&context);
    return code;
  }
  r->own = r->format->pb = context;
  return avformat_open_input(&r->format, NULL, av_find_input_format("mpjpeg"), NULL);
}

static int open_format(cffmpeg_reader *r, const char *location, int is_file, int transport) {
  int code = make_format(r);
  if (code < 0) return code;
  AVDictionary *options = NULL;
  allow_protocols(&options, is_file);
  if (strncmp(location, "rtsp", 4) == 0) {
    // TCP first, because it loses nothing; with both, libavformat tries the other when the camera answers 461.
    const char *names[] = {"udp+tcp", "tcp", "udp"};
    av_dict_set(&options, "rtsp_transport", names[transport], 0);
    if (transport == CFFMPEG_TRANSPORT_AUTO) av_dict_set(&options, "rtsp_flags", "prefer_tcp", 0);
  }
  code = avformat_open_input(&r->format, location, NULL, &options);
  av_dict_free(&options);
  if (code == AVERROR_INVALIDDATA && strncmp(location, "http", 4) == 0) code = open_without_boundary(r, location);
  if (code < 0 || is_file) return code;
  // Frames buffered to measure a stream's frame rate would be shown late.
  r->format->fps_probe_size = 0;
  r->by_arrival = (r->format->iformat->flags & AVFMT_NOTIMESTAMPS) != 0;
  return 0;
}

// MJPEG over HTTP whose parts have a type other than image/jpeg, or none, which libavformat refuses.
static int has_strange_parts(const cffmpeg_reader *r) {
  return strcmp(r->format->iformat->name, "mpjpeg") == 0 && r->format->streams[r->stream]->codecpar->width == 0;
}

// Reopens it as a plain sequence of pictures, found by their start markers.
static int open_by_marks(cffmpeg_reader *r, const char *location) {
  avformat_close_input(&r->format);
  int code = make_format(r);
  if (code < 0) return code;
  AVDictionary *options = NULL;
  allow_protocols(&options, 0);
  code = avformat_open_input(&r->format, location, av_find_input_format("mjpeg"), &options);
  av_dict_free(&options);
  if (code >= 0) r->format->fps_probe_size = 0;
  return code;
}

// Demuxers that render text as pictures.
static int is_text(const char *kind) {
  static const char *const kinds[] = {"tty", "bin", "xbin", "adf", "idf"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(kind, kinds[i]) == 0) return 1;
  }
  return 0;
}

static int open_input(cffmpeg_reader *r, const char *location, int is_file, int transport, int threads) {
  int code = open_format(r, location, is_file, transport);
  if (code < 0) return code;
  if (is_text(r->format->iformat->name)) return CFFMPEG_NO_VIDEO;
  const AVCodec *codec = NULL;
  r->stream = find_stream(r, &codec);
  if (r->stream >= 0 && !is_file && r->own == NULL && has_strange_parts(r)) {
    code = open_by_marks(r, location);
    if (code < 0) return code;
    r->stream = find_stream(r, &codec);
  }
  if (r->stream < 0) return r->stream;
  for (unsigned i = 0; i < r->format->nb_streams; i++) {
    r->format->streams[i]->discard = (int)i == r->stream ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
  const AVStream *stream = r->format->streams[r->stream];
  r->time_base = r->by_arrival ? (AVRational){1, 1000000000} : stream->time_base;
  code = note_size(r, stream->codecpar->width, stream->codecpar->height);
  return code < 0 ? code : open_codec(r, codec, stream->codecpar, threads);
}

int cffmpeg_open(
  const char *location, int is_file, int transport, int threads, int64_t deadline_ns, int32_t size[2],
  const cffmpeg_interruption *interruption, cffmpeg_reader **reader) {
  *reader = NULL;
  cffmpeg_reader *r = make_reader(deadline_ns);
  if (r == NULL) return AVERROR(ENOMEM);
  r->interruption = interruption;
  r->is_stream = !is_file;
  // With an explicit protocol, no path can be mistaken for another protocol's address.
  char *address = is_file ? av_asprintf("file:%s", location) : av_strdup(location);
  int code = address == NULL ? AVERROR(ENOMEM) : open_input(r, address, is_file, transport, threads);
  av_free(address);
  if (code < 0) {
    memcpy(size, r->too_large, sizeof r->too_large);
    cffmpeg_close(r);
    return code;
  }
  *reader = r;
  return 0;
}

int cffmpeg_open_h264(int threads, cffmpeg_reader **reader) {
  *reader = NULL;
  const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_H264);
  if (codec == NULL) return AVERROR_DECODER_NOT_FOUND;
  cffmpeg_reader *r = make_reader(INT64_MAX);
  if (r == NULL) return AVERROR(ENOMEM);
  r->time_base = (AVRational){1, 1000000000};
  int code = open_codec(r, codec, NULL, threads);
  if (code < 0) {
    cffmpeg_close(r);
    return code;
  }
  *reader = r;
  return 0;
}

void cffmpeg_close(cffmpeg_reader *r) {
  if (r == NULL) return;
  sws_freeContext(r->scaler);
  av_frame_free(&r->converted);
  av_frame_free(&r->decoded);
  av_packet_free(&r->packet);
  avcodec_free_context(&r->codec);
  avformat_close_input(&r->format);
  if (r->own != NULL) av_freep(&r->own->buffer);
  avio_context_free(&r->own);
  avio_closep(&r->inner);
  free(r);
}

static cffmpeg_orientation orientation_of(const void *side_data) {
  const int32_t *matrix = side_data;
  if (matrix == NULL) return (cffmpeg_orientation){.right_x = 1, .down_y = 1};
  return (cffmpeg_orientation){
    .right_x = matrix[0], .right_y = matrix[1], .down_x = matrix[3], .down_y = matrix[4]};
}

static cffmpeg_orientation container_orientation(const cffmpeg_reader *r) {
  if (r->format == NULL) return orientation_of(NULL);
  const AVStream *stream = r->format->streams[r->stream];
  return orientation_of(av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, NULL));
}

void cffmpeg_describe(const cffmpeg_reader *r, cffmpeg_information *information) {
  *information = (cffmpeg_information){.duration_ns = -1, .frame_count = -1, .orientation = container_orientation(r)};
  if (r->format == NULL) return;
  const AVStream *stream = r->format->streams[r->stream];
  information->by_arrival = r->by_arrival;
  const char *kind = r->format->iformat->name;
  information->is_segmented = strncmp(kind, "hls", 3) == 0 || strcmp(kind, "dash") == 0;
  // A server's video as consecutive pictures looks like a single picture at first.
  information->is_picture = strstr(kind, "_pipe") != NULL && !has_type(r->format->pb, "video/");
  information->width = r->codec->width;
  information->height = r->codec->height;
  AVRational rate = stream->avg_frame_rate.num > 0 ? stream->avg_frame_rate : stream->r_frame_rate;
  if (rate.num > 0 && rate.den > 0) information->rate = av_q2d(rate);
  if (stream->duration > 0) {
    information->duration_ns = av_rescale_q(stream->duration, stream->time_base, (AVRational){1, 1000000000});
  } else if (r->format->duration > 0 && r->format->duration < INT64_MAX / 1000) {
    information->duration_ns = r->format->duration * 1000;
  }
  if (stream->nb_frames > 0) {
    information->frame_count = stream->nb_frames;
  } else if (information->duration_ns > 0 && information->rate > 0) {
    information->frame_count = (int64_t)(information->duration_ns * 1e-9 * information->rate + 0.5);
  }
}

// The same pixels in one of our layouts, or the nearest one that loses only alpha and depth beyond 8 bits.
static enum AVPixelFormat nearest_format(const AVFrame *frame, int *layout) {
  switch (frame->format) {
    case AV_PIX_FMT_YUV420P: case AV_PIX_FMT_YUVJ420P: *layout = CFFMPEG_I420; break;
    case AV_PIX_FMT_YUV422P: case AV_PIX_FMT_YUVJ422P: *layout = CFFMPEG_I422; break;
    case AV_PIX_FMT_YUV444P: case AV_PIX_FMT_YUVJ444P: *layout = CFFMPEG_I444; break;
    case AV_PIX_FMT_NV12: *layout = CFFMPEG_NV12; break;
    case AV_PIX_FMT_YUYV422: *layout = CFFMPEG_YUYV; break;
    case AV_PIX_FMT_UYVY422: *layout = CFFMPEG_UYVY; break;
    case AV_PIX_FMT_GRAY8: *layout = CFFMPEG_GREY; return frame->format;
    case AV_PIX_FMT_RGB24: *layout = CFFMPEG_RGB24; return frame->format;
    case AV_PIX_FMT_BGR24: *layout = CFFMPEG_BGR24; return frame->format;
    default: *layout = -1; break;
  }
  const AVPixFmtDescriptor *description = av_pix_fmt_desc_get(frame->format);
  if (description == NULL) return AV_PIX_FMT_NONE;
  int is_rgb = (description->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0
    || frame->format == AV_PIX_FMT_XYZ12LE || frame->format == AV_PIX_FMT_XYZ12BE;
  if (!is_rgb && description->nb_components < 3) {
    *layout = CFFMPEG_GREY;
    return AV_PIX_FMT_GRAY8;
  }
  int rare_matrix = 0;
  switch (frame->colorspace) {
    case AVCOL_SPC_BT2020_NCL: case AVCOL_SPC_BT2020_CL: case AVCOL_SPC_SMPTE240M: case AVCOL_SPC_FCC:
      rare_matrix = 1; break;
    case AVCOL_SPC_YCGCO: case AVCOL_SPC_SMPTE2085: case AVCOL_SPC_ICTCP:
      if (!is_rgb) return AV_PIX_FMT_NONE;
    default: break;
  }
  if (is_rgb || rare_matrix) {
    *layout = CFFMPEG_RGB24;
    return AV_PIX_FMT_RGB24;
  }
  if (*layout >= 0) return frame->format;
  if (description->log2_chroma_w == 1 && description->log2_chroma_h == 1) {
    *layout = CFFMPEG_I420;
    return AV_PIX_FMT_YUV420P;
  }
  if (description->log2_chroma_w == 1 && description->log2_chroma_h == 0) {
    *layout = CFFMPEG_I422;
    return AV_PIX_FMT_YUV422P;
  }
  *layout = CFFMPEG_I444;
  return AV_PIX_FMT_YUV444P;
}

static int is_full_range(const AVFrame *frame) {
  switch (frame->format) {
    case AV_PIX_FMT_YUVJ420P: case AV_PIX_FMT_YUVJ422P: case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P: case AV_PIX_FMT_YUVJ411P: return 1;
    default: break;
  }
  if (frame->color_range != AVCOL_RANGE_UNSPECIFIED) return frame->color_range == AVCOL_RANGE_JPEG;
  const AVPixFmtDescriptor *description = av_pix_fmt_desc_get(frame->format);
  return description != NULL && description->nb_components < 3;
}

static int matrix_of(const AVFrame *frame) {
  switch (frame->colorspace) {
    case AVCOL_SPC_BT709: return 709;
    case AVCOL_SPC_BT470BG: case AVCOL_SPC_SMPTE170M: return 601;
    default: return 0;
  }
}

static int convert(cffmpeg_reader *r, enum AVPixelFormat format, int full_range) {
  const AVFrame *from = r->decoded;
  AVFrame *to = r->converted;
  if (to->format != format || to->width != from->width || to->height != from->height) {
    av_frame_unref(to);
    to->format = format;
    to->width = from->width;
    to->height = from->height;
    int code = av_frame_get_buffer(to, 0);
    if (code < 0) return code;
  }
  r->scaler = sws_getCachedContext(
    r->scaler, from->width, from->height, from->format, to->width, to->height, format,
    SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP, NULL, NULL, NULL);
  if (r->scaler == NULL) return AVERROR_PATCHWELCOME;
  int space = from->colorspace;
  if (space == AVCOL_SPC_UNSPECIFIED) space = from->height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_BT470BG;
  const int *coefficients = sws_getCoefficients(space);
  sws_setColorspaceDetails(r->scaler, coefficients, full_range, coefficients, full_range, 0, 1 << 16, 1 << 16);
  int rows = sws_scale(
    r->scaler, (const uint8_t *const *)from->data, from->linesize, 0, from->height, to->data, to->linesize);
  return rows < 0 ? rows : 0;
}

static int present(cffmpeg_reader *r, cffmpeg_picture *picture) {
  const AVFrame *frame = r->decoded;
  int layout = -1;
  enum AVPixelFormat format = nearest_format(frame, &layout);
  if (format == AV_PIX_FMT_NONE) return AVERROR_PATCHWELCOME;
  int full_range = is_full_range(frame);
  r->picture = frame;
  if ((int)format != frame->format) {
    int code = convert(r, format, full_range);
    if (code < 0) return code;
    r->picture = r->converted;
  }
  *picture = (cffmpeg_picture){
    .width = frame->width,
    .height = frame->height,
    .layout = layout,
    .matrix = matrix_of(frame),
    .full_range = full_range,
    .time_ns = CFFMPEG_NO_TIME,
    .waited_ns = r->waited_ns,
  };
  const AVFrameSideData *own = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX);
  // An orientation in H.264 holds until the next key picture, or until it changes.
  if (own != NULL) r->said = orientation_of(own->data);
  r->has_said = own != NULL || (r->has_said && !frame->key_frame);
  picture->orientation = r->has_said ? r->said : container_orientation(r);
  if (frame->best_effort_timestamp != AV_NOPTS_VALUE) {
    picture->time_ns = av_rescale_q(frame->best_effort_timestamp, r->time_base, (AVRational){1, 1000000000});
  }
  return CFFMPEG_PICTURE;
}

// Whether the server closed the connection before the announced length; demuxers treat that as the end.
static int is_cut_off(const cffmpeg_reader *r) {
  AVIOContext *io = r->format->pb;
  if (!r->is_stream || io == NULL) return 0;
  int64_t size = avio_size(io);
  return size > 0 && io->error < 0 && io->error != AVERROR_EOF && avio_tell(io) < size;
}

// Reads one packet of our stream and hands it to the decoder; also returns 0 when a faulty packet was skipped.
static int feed(cffmpeg_reader *r) {
  int64_t begin = monotonic_ns();
  int code = av_read_frame(r->format, r->packet);
  r->waited_ns += monotonic_ns() - begin;
  if (code == AVERROR_EOF || (code < 0 && r->format->pb != NULL && avio_feof(r->format->pb) && code != AVERROR_EXIT)) {
    r->at_end = 1;
    r->is_cut_off = is_cut_off(r);
    avcodec_send_packet(r->codec, NULL);
    return 0;
  }
  if (code == AVERROR_INVALIDDATA && ++r->failed_reads < MAX_FAILED_READS) {
    r->corrupt++;
    return 0;
  }
  if (code < 0) return code;
  r->failed_reads = 0;
  if (r->packet->stream_index == r->stream) {
    if (r->by_arrival) {
      // As the decoding time, which comes back with the pictures in decoding order.
      r->packet->pts = AV_NOPTS_VALUE;
      r->packet->dts = monotonic_ns();
    }
    code = avcodec_send_packet(r->codec, r->packet);
    if (code == AVERROR(ENOMEM)) {
      av_packet_unref(r->packet);
      return code;
    }
    if (code < 0) {
      r->corrupt++;
      if (!r->has_decoded && r->too_large[0] == 0) ask_size(r, r->packet);
    }
  }
  av_packet_unref(r->packet);
  return 0;
}

int cffmpeg_next(cffmpeg_reader *r, int64_t deadline_ns, cffmpeg_picture *picture) {
  r->deadline_ns = deadline_ns;
  r->picture = NULL;
  r->waited_ns = 0;
  for (;;) {
    int code = avcodec_receive_frame(r->codec, r->decoded);
    if (code == 0) {
      r->has_decoded = 1;
      if ((r->decoded->flags & AV_FRAME_FLAG_CORRUPT) != 0 || r->decoded->decode_error_flags != 0) r->corrupt++;
      return present(r, picture);
    }
    if (code == AVERROR_EOF) return r->is_cut_off ? CFFMPEG_CUT_OFF : CFFMPEG_ENDED;
    if (code == AVERROR(EAGAIN)) {
      if (r->format == NULL) return CFFMPEG_HUNGRY;
      code = feed(r);
      if (code < 0) return code;
      continue;
    }
    if (code == AVERROR(ENOMEM)) return code;
    // A decoder that keeps failing after the last packet would never report that it is empty.
    r->corrupt++;
    if (r->at_end && ++r->failed_reads >= MAX_FAILED_READS) return CFFMPEG_ENDED;
  }
}

int cffmpeg_send(cffmpeg_reader *r, const uint8_t *bytes, size_t count, int64_t time_ns) {
  // av_new_packet adds the padding that decoders read beyond the end.
  if (count > INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE) return AVERROR(EINVAL);
  int code = av_new_packet(r->packet, (int)count);
  if (code < 0) return code;
  memcpy(r->packet->data, bytes, count);
  r->packet->pts = time_ns;
  code = avcodec_send_packet(r->codec, r->packet);
  av_packet_unref(r->packet);
  if (code < 0 && code != AVERROR(ENOMEM)) {
    r->corrupt++;
    return 0;
  }
  return code;
}

size_t cffmpeg_picture_size(const cffmpeg_reader *r) {
  if (r->picture == NULL) return 0;
  int size = av_image_get_buffer_size(r->picture->format, r->picture->width, r->picture->height, 1);
  return size > 0 ? (size_t)size : 0;
}

int cffmpeg_copy_picture(const cffmpeg_reader *r, uint8_t *bytes, size_t count) {
  size_t size = cffmpeg_picture_size(r);
  if (size == 0 || size != count) return AVERROR(ENOBUFS);
  int code = av_image_copy_to_buffer(
    bytes, (int)count, (const uint8_t *const *)r->picture->data, r->picture->linesize, r->picture->format,
    r->picture->width, r->picture->height, 1);
  return code < 0 ? code : 0;
}

int cffmpeg_why_nothing(const cffmpeg_reader *r, int32_t size[2]) {
  memcpy(size, r->too_large, sizeof r->too_large);
  return r->too_large[0] > 0 ? CFFMPEG_TOO_LARGE : 0;
}

int64_t cffmpeg_corrupt_count(const cffmpeg_reader *r) { return r->corrupt; }

int cffmpeg_is_refused_transport(int code) { return code == AVERROR(EPROTONOSUPPORT); }

int cffmpeg_is_timeout(int code) { return code == AVERROR_EXIT || code == AVERROR(ETIMEDOUT); }

void cffmpeg_error_text(int code, char *text, size_t count) {
  if (code == CFFMPEG_CUT_OFF) {
    strncpy(text, "the connection ended before the file did", count);
  } else if (av_strerror(code, text, count) < 0) {
    strncpy(text, "unknown error", count);
  }
  if (count > 0) text[count - 1] = 0;
}
