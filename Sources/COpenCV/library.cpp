// What concerns the whole library: errors and threads.
#include "internal.hpp"

#include <opencv2/core/utility.hpp>
#include <opencv2/core/utils/logger.hpp>

namespace ocv {

const char *remember(const char *message) noexcept {
  static thread_local std::string last;
  try {
    last = message;
    return last.c_str();
  } catch (...) {
    return "out of memory";
  }
}

void silence() {
  static std::once_flag once;
  std::call_once(once, [] {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    cv::redirectError([](int, const char *, const char *, const char *, int, void *) { return 0; });
  });
}

}  // namespace ocv

const char *ocv_version(void) { return CV_VERSION; }

const char *ocv_set_threads(int threads) {
  return ocv::guarded([&] { cv::setNumThreads(threads < 1 ? 1 : threads); });
}
