#include "CTestMedia.h"

#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <stdlib.h>

struct ctestmedia_writer {
  AVFormatContext *format;
  AVCodecContext *codec;
  AVFrame *frame;
  AVPacket *packet;
  AVBSFContext *notes;  // adds messages to packets, or NULL
};

static void release(ctestmedia_writer *w) {
  av_bsf_free(&w->notes);
  av_packet_free(&w->packet);
  av_frame_free(&w->frame);
  avcodec_free_context(&w->codec);
  if (w->format != NULL) avio_closep(&w->format->pb);
  avformat_free_context(w->format);
  free(w);
}

static int start(ctestmedia_writer *w, const char *path, const ctestmedia_description *d) {
  int code = avformat_alloc_output_context2(&w->format, NULL, d->container, path);
  if (code < 0) return code;
  const AVCodec *codec = avcodec_find_encoder_by_name(d->codec);
  if (codec == NULL) return AVERROR_ENCODER_NOT_FOUND;
  w->codec = avcodec_alloc_context3(codec);
  w->packet = av_packet_alloc();
  w->frame = av_frame_alloc();
  AVStream *stream = avformat_new_stream(w->format, NULL);
  if (w->codec == NULL || w->packet == NULL || w->frame == NULL || stream == NULL) return AVERROR(ENOMEM);
  w->codec->width = d->width;
  w->codec->height = d->height;
  w->codec->pix_fmt = d->pixel_format != NULL ? av_get_pix_fmt(d->pixel_format) : codec->pix_fmts[0];
  w->codec->time_base = (AVRational){1, 1000};
  w->codec->framerate = (AVRational){d->rate, 1};
  w->codec->flags |= AV_CODEC_FLAG_BITEXACT;
  w->codec->thread_count = 1;
  w->codec->max_b_frames = 0;
  w->codec->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
  if (d->matrix != 0) w->codec->colorspace = d->matrix == 709 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  if (d->full_range >= 0) w->codec->color_range = d->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  if ((w->format->oformat->flags & AVFMT_GLOBALHEADER) != 0) w->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  // Codecs with fixed rates and containers that store a count per frame need the rate itself.
  int counts = av_match_name(d->container, "avi,yuv4mpegpipe,gif,mjpeg,h264");
  if (counts) w->codec->time_base = (AVRational){1, d->rate};
  code = avcodec_open2(w->codec, codec, NULL);
  if (code < 0) return code;
  stream->time_base = w->codec->time_base;
  stream->avg_frame_rate = w->codec->framerate;
  code = avcodec_parameters_from_context(stream->codecpar, w->codec);
  if (code < 0) return code;
  if (d->key_pictures_mirrored) {
    const AVBitStreamFilter *filter = av_bsf_get_by_name("h264_metadata");
    code = filter == NULL ? AVERROR_BSF_NOT_FOUND : av_bsf_alloc(filter, &w->notes);
    if (code < 0) return code;
    code = avcodec_parameters_copy(w->notes->par_in, stream->codecpar);
    if (code >= 0) code = av_opt_set(w->notes->priv_data, "display_orientation", "insert", 0);
    if (code >= 0) code = av_opt_set(w->notes->priv_data, "flip", "horizontal", 0);
    if (code >= 0) code = av_bsf_init(w->notes);
    if (code < 0) return code;
  }
  if (d->rotation != 0 || d->mirrored != 0) {
    int32_t *matrix = (int32_t *)av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof *matrix);
    if (matrix == NULL) return AVERROR(ENOMEM);
    av_display_rotation_set(matrix, d->rotation);
    av_display_matrix_flip(matrix, d->mirrored, 0);
  }
  w->format->flags |= AVFMT_FLAG_BITEXACT;
  code = avio_open(&w->format->pb, path, AVIO_FLAG_WRITE);
  if (code < 0) return code;
  return avformat_write_header(w->format, NULL);
}

int ctestmedia_open(const char *path, const ctestmedia_description *description, ctestmedia_writer **writer) {
  *writer = NULL;
  av_log_set_level(AV_LOG_QUIET);
  ctestmedia_writer *w = calloc(1, sizeof *w);
  if (w == NULL) return AVERROR(ENOMEM);
  int code = start(w, path, description);
  if (code < 0) {
    release(w);
    return code;
  }
  *writer = w;
  return 0;
}

static int drain(ctestmedia_writer *w) {
  for (;;) {
    int code = avcodec_receive_packet(w->codec, w->packet);
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return 0;
    if (code < 0) return code;
    if (w->notes != NULL) {
      code = av_bsf_send_packet(w->notes, w->packet);
      if (code >= 0) code = av_bsf_receive_packet(w->notes, w->packet);
      if (code < 0) return code;
    }
    av_packet_rescale_ts(w->packet, w->codec->time_base, w->format->streams[0]->time_base);
    code = av_interleaved_write_frame(w->format, w->packet);
    if (code < 0) return code;
  }
}

int ctestmedia_write(ctestmedia_writer *w, const uint8_t *bytes, size_t count, int64_t time_ms) {
  AVFrame *frame = w->frame;
  int size = av_image_get_buffer_size(w->codec->pix_fmt, w->codec->width, w->codec->height, 1);
  if (size < 0 || (size_t)size != count) return AVERROR(EINVAL);
  av_frame_unref(frame);
  frame->format = w->codec->pix_fmt;
  frame->width = w->codec->width;
  frame->height = w->codec->height;
  int code = av_frame_get_buffer(frame, 0);
  if (code < 0) return code;
  uint8_t *planes[4];
  int rows[4];
  code = av_image_fill_arrays(planes, rows, bytes, frame->format, frame->width, frame->height, 1);
  if (code < 0) return code;
  av_image_copy(frame->data, frame->linesize, (const uint8_t **)planes, rows, frame->format, frame->width, frame->height);
  frame->pts = av_rescale_q(time_ms, (AVRational){1, 1000}, w->codec->time_base);
  frame->color_range = w->codec->color_range;
  frame->colorspace = w->codec->colorspace;
  code = avcodec_send_frame(w->codec, frame);
  return code < 0 ? code : drain(w);
}

int ctestmedia_close(ctestmedia_writer *w) {
  int code = avcodec_send_frame(w->codec, NULL);
  if (code >= 0) code = drain(w);
  if (code >= 0) code = av_write_trailer(w->format);
  release(w);
  return code;
}
