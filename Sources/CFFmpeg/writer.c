#include "CFFmpeg.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <stdlib.h>

struct cffmpeg_writer {
  AVFormatContext *format;
  AVCodecContext *codec;
  AVFrame *frame;
  AVPacket *packet;
  struct SwsContext *scaler;
};

static void release(cffmpeg_writer *w) {
  sws_freeContext(w->scaler);
  av_packet_free(&w->packet);
  av_frame_free(&w->frame);
  avcodec_free_context(&w->codec);
  if (w->format != NULL && (w->format->oformat->flags & AVFMT_NOFILE) == 0) avio_closep(&w->format->pb);
  avformat_free_context(w->format);
  free(w);
}

static int start(cffmpeg_writer *w, const char *path, const cffmpeg_film *film) {
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
  w->codec->time_base = (AVRational){1, film->rate};
  w->codec->framerate = (AVRational){film->rate, 1};
  // The same pictures give the same bytes, whatever the machine.
  w->codec->flags |= AV_CODEC_FLAG_BITEXACT;
  w->codec->thread_count = 1;
  w->codec->max_b_frames = 0;
  w->codec->gop_size = film->rate;
  if (film->quality > 0) {
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
  w->frame->width = film->width;
  w->frame->height = film->height;
  w->frame->pts = 0;
  code = av_frame_get_buffer(w->frame, 0);
  if (code < 0) return code;
  w->scaler = sws_getContext(
    film->width, film->height, AV_PIX_FMT_RGB24, film->width, film->height, w->codec->pix_fmt,
    SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT, NULL, NULL, NULL);
  if (w->scaler == NULL) return AVERROR_PATCHWELCOME;
  if ((w->format->oformat->flags & AVFMT_NOFILE) == 0) {
    code = avio_open(&w->format->pb, path, AVIO_FLAG_WRITE);
    if (code < 0) return code;
  }
  return avformat_write_header(w->format, NULL);
}

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
    w->packet->duration = 1;
    av_packet_rescale_ts(w->packet, w->codec->time_base, w->format->streams[0]->time_base);
    code = av_interleaved_write_frame(w->format, w->packet);
    if (code < 0) return code;
  }
}

int cffmpeg_add(cffmpeg_writer *w, const uint8_t *rgb, size_t count) {
  AVFrame *frame = w->frame;
  if (count != (size_t)frame->width * frame->height * 3) return AVERROR(EINVAL);
  int code = av_frame_make_writable(frame);
  if (code < 0) return code;
  const uint8_t *planes[1] = {rgb};
  int rows[1] = {frame->width * 3};
  sws_scale(w->scaler, planes, rows, 0, frame->height, frame->data, frame->linesize);
  frame->quality = w->codec->global_quality;
  code = avcodec_send_frame(w->codec, frame);
  frame->pts++;
  return code < 0 ? code : drain(w);
}

int cffmpeg_finish(cffmpeg_writer *w) {
  int code = avcodec_send_frame(w->codec, NULL);
  if (code >= 0) code = drain(w);
  if (code >= 0) code = av_write_trailer(w->format);
  // What is still buffered fails only now, on a full disk for one.
  if (code >= 0 && w->format->pb != NULL) {
    avio_flush(w->format->pb);
    code = w->format->pb->error;
  }
  release(w);
  return code;
}

void cffmpeg_abandon(cffmpeg_writer *w) { release(w); }
