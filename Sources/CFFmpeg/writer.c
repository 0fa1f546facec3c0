#include "CFFmpeg.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <stdlib.h>
#include <string.h>

struct cffmpeg_writer {
  AVFormatContext *format;
  AVCodecContext *codec;
  AVFrame *frame;
  AVPacket *packet;
  struct SwsContext *scaler;
  int width, height;
  uint8_t *padded;   // the picture with one more column or row; NULL if the encoder takes its size
  int64_t last;      // time of the last picture in ticks, -1 before the first
  int64_t interval;  // between the last two pictures
};

static void release(cffmpeg_writer *w) {
  sws_freeContext(w->scaler);
  free(w->padded);
  av_packet_free(&w->packet);
  av_frame_free(&w->frame);
  avcodec_free_context(&w->codec);
  if (w->format != NULL && (w->format->oformat->flags & AVFMT_NOFILE) == 0) avio_closep(&w->format->pb);
  avformat_free_context(w->format);
  free(w);
}

// Options for libx264; browsers play its default, YUV 4:2:0.
static int prepare_h264(cffmpeg_writer *w, const cffmpeg_film *film) {
  w->codec->width += film->width & 1;
  w->codec->height += film->height & 1;
  // Players assume BT.709 for large pictures unless told otherwise; swscale's matrix is BT.601.
  w->codec->colorspace = AVCOL_SPC_SMPTE170M;
  w->codec->color_range = AVCOL_RANGE_MPEG;
  if (w->codec->width != film->width || w->codec->height != film->height) {
    w->padded = malloc((size_t)w->codec->width * w->codec->height * 3);
    if (w->padded == NULL) return AVERROR(ENOMEM);
  }
  int code = av_opt_set(w->codec->priv_data, "preset", "veryfast", 0);
  return code < 0 ? code : av_opt_set_double(w->codec->priv_data, "crf", film->quality, 0);
}

static int start(cffmpeg_writer *w, const char *path, const cffmpeg_film *film) {
  w->width = film->width;
  w->height = film->height;
  w->last = -1;
  w->interval = film->ticks / film->rate;
  int code = avformat_alloc_output_context2(&w->format, NULL, film->container, path);
  if (code < 0) return code;
  const AVCodec *codec = avcodec_find_encoder_by_name(film->codec);
  if (codec == NULL) return AVERROR_ENCODER_NOT_FOUND;
  w->codec = avcodec_alloc_context3(codec);
  w->packet = av_packet_alloc();
  w->frame = av_frame_alloc();
  AVStream *stream = avformat_new_stream(w->format, NULL);
  if (w->codec == NULL || w->packet == NULL || w->frame == NULL || stream == NULL) return AVERROR(ENOMEM);
  w->codec->width = film->width;
  w->codec->height = film->height;
  w->codec->pix_fmt = codec->pix_fmts != NULL ? codec->pix_fmts[0] : AV_PIX_FMT_YUV420P;
  w->codec->time_base = (AVRational){1, film->ticks};
  w->codec->framerate = (AVRational){film->rate, 1};
  // The same pictures give the same bytes on every machine.
  w->codec->flags |= AV_CODEC_FLAG_BITEXACT;
  w->codec->thread_count = 1;
  w->codec->max_b_frames = 0;
  w->codec->gop_size = film->rate;
  if (strcmp(film->codec, "libx264") == 0) {
    code = prepare_h264(w, film);
    if (code < 0) return code;
  } else if (film->quality > 0) {
    w->codec->flags |= AV_CODEC_FLAG_QSCALE;
    w->codec->global_quality = FF_QP2LAMBDA * film->quality;
  }
  if ((w->format->oformat->flags & AVFMT_GLOBALHEADER) != 0) w->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  code = avcodec_open2(w->codec, codec, NULL);
  if (code < 0) return code;
  stream->time_base = w->codec->time_base;
  stream->avg_frame_rate = w->codec->framerate;
  code = avcodec_parameters_from_context(stream->codecpar, w->codec);
  if (code < 0) return code;
  w->format->flags |= AVFMT_FLAG_BITEXACT;
  w->frame->format = w->codec->pix_fmt;
  w->frame->width = w->codec->width;
  w->frame->height = w->codec->height;
  code = av_frame_get_buffer(w->frame, 0);
  if (code < 0) return code;
  w->scaler = sws_getContext(
    w->frame->width, w->frame->height, AV_PIX_FMT_RGB24, w->frame->width, w->frame->height, w->codec->pix_fmt,
    SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT, NULL, NULL, NULL);
  if (w->scaler == NULL) return AVERROR_PATCHWELCOME;
  if ((w->format->oformat->flags & AVFMT_NOFILE) == 0) {
    code = avio_open(&w->format->pb, path, AVIO_FLAG_WRITE);
    if (code < 0) return code;
  }
  return avformat_write_header(w->format, NULL);
}

int cffmpeg_can_encode(const char *codec) { return avcodec_find_encoder_by_name(codec) != NULL; }

int cffmpeg_create(const char *path, const cffmpeg_film *film, cffmpeg_writer **writer) {
  *writer = NULL;
  av_log_set_level(AV_LOG_QUIET);
  cffmpeg_writer *w = calloc(1, sizeof *w);
  if (w == NULL) return AVERROR(ENOMEM);
  int code = start(w, path, film);
  if (code < 0) {
    release(w);
    return code;
  }
  *writer = w;
  return 0;
}

static int drain(cffmpeg_writer *w) {
  for (;;) {
    int code = avcodec_receive_packet(w->codec, w->packet);
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return 0;
    if (code < 0) return code;
    // Only the duration of a file's last picture counts: others last until the next.
    w->packet->duration = w->interval;
    av_packet_rescale_ts(w->packet, w->codec->time_base, w->format->streams[0]->time_base);
    code = av_interleaved_write_frame(w->format, w->packet);
    if (code < 0) return code;
  }
}

// Copies the picture into the larger one, repeating the last column and row.
static const uint8_t *pad(cffmpeg_writer *w, const uint8_t *rgb) {
  if (w->padded == NULL) return rgb;
  size_t row = (size_t)w->width * 3, padded_row = (size_t)w->frame->width * 3;
  for (int y = 0; y < w->frame->height; y++) {
    uint8_t *to = w->padded + y * padded_row;
    memcpy(to, rgb + (size_t)(y < w->height ? y : w->height - 1) * row, row);
    if (padded_row > row) memcpy(to + row, to + row - 3, 3);
  }
  return w->padded;
}

int cffmpeg_add(cffmpeg_writer *w, const uint8_t *rgb, size_t count, int64_t time_ns) {
  AVFrame *frame = w->frame;
  if (count != (size_t)w->width * w->height * 3) return AVERROR(EINVAL);
  int code = av_frame_make_writable(frame);
  if (code < 0) return code;
  int64_t time = w->last < 0 ? 0 : w->last + w->interval;
  if (time_ns != CFFMPEG_NO_TIME) time = av_rescale_q(time_ns, (AVRational){1, 1000000000}, w->codec->time_base);
  if (time <= w->last) time = w->last + 1;
  if (w->last >= 0) w->interval = time - w->last;
  w->last = time;
  const uint8_t *planes[1] = {pad(w, rgb)};
  int rows[1] = {frame->width * 3};
  sws_scale(w->scaler, planes, rows, 0, frame->height, frame->data, frame->linesize);
  frame->quality = w->codec->global_quality;
  frame->pts = time;
  code = avcodec_send_frame(w->codec, frame);
  return code < 0 ? code : drain(w);
}

int cffmpeg_finish(cffmpeg_writer *w) {
  int code = avcodec_send_frame(w->codec, NULL);
  if (code >= 0) code = drain(w);
  if (code >= 0) code = av_write_trailer(w->format);
  // What is still buffered fails only now, for example on a full disk.
  if (code >= 0 && w->format->pb != NULL) {
    avio_flush(w->format->pb);
    code = w->format->pb->error;
  }
  release(w);
  return code;
}

void cffmpeg_abandon(cffmpeg_writer *w) { release(w); }
