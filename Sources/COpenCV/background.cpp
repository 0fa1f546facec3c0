// The background model of a fixed camera, and what stands out from it.
#include <opencv2/imgproc.hpp>
#include <opencv2/video/background_segm.hpp>

#include <algorithm>

#include "internal.hpp"

struct ocv_background {
  cv::Ptr<cv::BackgroundSubtractorMOG2> model;
  cv::Mat opening, closing;
  cv::Mat scaled, mask, labels, statistics, centers;
  cv::Mat last, difference, moved;
};

// Levels by which a pixel that moved differs from the last picture's: several times the noise of a dark room, whose pixels have
// been averaged.
static const int movement = 20;

const char *ocv_background_create(double share, ocv_background **result) {
  *result = nullptr;
  return ocv::guarded([&] {
    auto model = cv::createBackgroundSubtractorMOG2(500, 16, true);
    model->setBackgroundRatio(share);
    *result = new ocv_background{model,
      cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(3, 3)),
      cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(7, 7)), {}, {}, {}, {}, {}, {}, {}, {}};
  });
}

void ocv_background_destroy(ocv_background *model) {
  ocv::guarded([&] { delete model; });
}

const char *ocv_background_apply(ocv_background *model, const ocv_picture *picture, int32_t width, int32_t height,
  double rate, ocv_patch *patches, int32_t capacity, int32_t *count, int64_t *foreground) {
  *count = 0;
  *foreground = 0;
  return ocv::guarded([&] {
    cv::resize(ocv::view(*picture), model->scaled, cv::Size(width, height), 0, 0, cv::INTER_AREA);
    model->model->apply(model->scaled, model->mask, rate);
    cv::threshold(model->mask, model->mask, 200, 255, cv::THRESH_BINARY);  // shadows are 127
    cv::morphologyEx(model->mask, model->mask, cv::MORPH_OPEN, model->opening);
    cv::morphologyEx(model->mask, model->mask, cv::MORPH_CLOSE, model->closing);
    *foreground = cv::countNonZero(model->mask);
    int labels = cv::connectedComponentsWithStats(
      model->mask, model->labels, model->statistics, model->centers, 8, CV_32S);
    *count = std::min(labels - 1, capacity);
    for (int index = 0; index < *count; ++index) {
      const int *row = model->statistics.ptr<int>(index + 1);  // label 0 is the background
      patches[index] = {row[cv::CC_STAT_LEFT], row[cv::CC_STAT_TOP], row[cv::CC_STAT_WIDTH], row[cv::CC_STAT_HEIGHT],
        row[cv::CC_STAT_AREA], 0};
    }
    if (model->last.size() == model->scaled.size()) {
      cv::absdiff(model->scaled, model->last, model->difference);
      cv::cvtColor(model->difference, model->moved, cv::COLOR_RGB2GRAY);
      for (int y = 0; y < height; ++y) {
        const int *label = model->labels.ptr<int>(y);
        const uint8_t *change = model->moved.ptr<uint8_t>(y);
        for (int x = 0; x < width; ++x) {
          if (label[x] > 0 && label[x] <= *count && change[x] > movement) ++patches[label[x] - 1].moving;
        }
      }
    }
    cv::swap(model->scaled, model->last);
  });
}
