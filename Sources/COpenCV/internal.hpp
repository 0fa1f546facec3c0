// Shared by the shim's files; the only place that catches C++ exceptions.
#pragma once

#include <opencv2/core.hpp>

#include <exception>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>

#include "COpenCV.h"

namespace ocv {

// Keeps a copy of a text for the calling thread, until its next error.
const char *remember(const char *message) noexcept;

// Stops OpenCV from printing errors, since they are returned as texts.
void silence();

// Runs `body`; returns NULL, or the message of the exception it threw.
template <typename Body>
const char *guarded(Body body) noexcept {
  try {
    silence();
    body();
    return nullptr;
  } catch (const cv::Exception &error) {
    return remember(error.err.c_str());
  } catch (const std::bad_alloc &) {
    return remember("out of memory");
  } catch (const std::exception &error) {
    return remember(error.what());
  } catch (...) {
    return remember("OpenCV threw something that is not an exception");
  }
}

// A view of the caller's bytes; OpenCV only reads them.
inline cv::Mat view(const ocv_picture &picture) {
  return cv::Mat(
    picture.height, picture.width, CV_8UC3, const_cast<uint8_t *>(picture.pixels), picture.row_bytes);
}

}  // namespace ocv
