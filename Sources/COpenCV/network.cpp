// Reads networks from ONNX bytes and runs them on pictures.
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include "internal.hpp"

struct ocv_network {
  cv::dnn::Net net;
  // Reused between runs, so that only OpenCV's own layers allocate.
  cv::Mat scaled, canvas, blob, output;
};

const char *ocv_network_read(const uint8_t *bytes, size_t count, ocv_network **result) {
  *result = nullptr;
  return ocv::guarded([&] {
    cv::dnn::Net net = cv::dnn::readNetFromONNX(reinterpret_cast<const char *>(bytes), count);
    if (net.empty()) throw std::runtime_error("the network has no layers");
    net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
    net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
    *result = new ocv_network{net, {}, {}, {}, {}};
  });
}

void ocv_network_destroy(ocv_network *network) {
  ocv::guarded([&] { delete network; });
}

const char *ocv_network_run(
  ocv_network *network, const ocv_picture *picture, const ocv_letterbox *letterbox, ocv_output *output) {
  return ocv::guarded([&] {
    cv::Size size(letterbox->scaled_width, letterbox->scaled_height);
    // Much larger pictures are averaged; linear interpolation between neighbours would lose a thin arm.
    bool is_much_larger = picture->width > 2 * size.width || picture->height > 2 * size.height;
    cv::resize(
      ocv::view(*picture), network->scaled, size, 0, 0, is_much_larger ? cv::INTER_AREA : cv::INTER_LINEAR);
    network->canvas.create(letterbox->height, letterbox->width, CV_8UC3);
    network->canvas.setTo(cv::Scalar::all(114));
    network->scaled.copyTo(network->canvas(cv::Rect(cv::Point(0, 0), size)));
    cv::dnn::blobFromImage(network->canvas, network->blob, 1.0, cv::Size(), cv::Scalar(), true);
    network->net.setInput(network->blob);
    network->output = network->net.forward();
    const cv::Mat &values = network->output;
    if (values.type() != CV_32F || !values.isContinuous() || values.dims > 8) {
      throw std::runtime_error("the network's output is not a dense array of floats");
    }
    output->values = values.ptr<float>();
    output->count = static_cast<int64_t>(values.total());
    output->rank = values.dims;
    for (int axis = 0; axis < values.dims; ++axis) output->sides[axis] = values.size[axis];
  });
}
