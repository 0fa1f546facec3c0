// Draws rectangles and letters on a picture; the letters are Hershey's single-stroke sans serif.
#include <opencv2/imgproc.hpp>

#include "internal.hpp"

namespace {

constexpr int face = cv::FONT_HERSHEY_SIMPLEX;

void fill(cv::Mat &picture, const cv::Rect &rectangle, const cv::Scalar &color, double opacity) {
  cv::Rect inside = rectangle & cv::Rect(0, 0, picture.cols, picture.rows);
  if (inside.empty()) return;
  cv::Mat part = picture(inside);
  cv::addWeighted(part, 1 - opacity, cv::Mat(part.size(), part.type(), color), opacity, 0, part);
}

}  // namespace

const char *ocv_draw(uint8_t *pixels, int32_t width, int32_t height, const ocv_mark *marks, size_t count,
  const char *texts) {
  return ocv::guarded([&] {
    cv::Mat picture(height, width, CV_8UC3, pixels);
    for (const ocv_mark *mark = marks; mark != marks + count; ++mark) {
      cv::Scalar color(mark->red, mark->green, mark->blue);
      cv::Rect rectangle(mark->x, mark->y, mark->width, mark->height);
      if (mark->scale > 0) {
        cv::putText(picture, texts + mark->text, rectangle.tl(), face, mark->scale, color, mark->thickness, cv::LINE_AA);
      } else if (mark->thickness > 0) {
        cv::rectangle(picture, rectangle, color, mark->thickness);
      } else {
        fill(picture, rectangle, color, mark->opacity);
      }
    }
  });
}

const char *ocv_text_width(const char *text, double scale, int32_t thickness, int32_t *width) {
  *width = 0;
  return ocv::guarded([&] {
    int baseline = 0;
    *width = cv::getTextSize(text, face, scale, thickness, &baseline).width;
  });
}
