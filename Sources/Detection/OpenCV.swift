import COpenCV
import Video

/// What concerns the whole library.
enum OpenCV {
  /// Sets the number of OpenCV threads for the whole process.
  static func setThreads(_ count: Int) throws(DetectionError) {
    if let reason = unsafe ocv_set_threads(CInt(clamping: max(1, count))) {
      throw .failed(reason: unsafe text(reason))
    }
  }

  /// OpenCV's message as a single line of reasonable length.
  static func text(_ reason: UnsafePointer<CChar>) -> String {
    let words = unsafe String(cString: reason).split { $0.isWhitespace || $0.isNewline }
    let line = words.joined(separator: " ")
    return line.isEmpty ? "it gave no reason" : line.count > 400 ? line.prefix(400) + "…" : line
  }
}

extension Frame {
  /// Lends the pixels to OpenCV; call `checkForFinding` first.
  func withPicture<Result>(_ body: (UnsafePointer<ocv_picture>) -> Result) -> Result {
    unsafe bytes.withUnsafeBufferPointer { buffer in
      var picture = unsafe ocv_picture(
        pixels: buffer.baseAddress.map { unsafe $0 + planes[0].offset }, width: Int32(size.width),
        height: Int32(size.height), row_bytes: planes[0].rowBytes)
      return unsafe body(&picture)
    }
  }
}

/// Owns a network loaded by OpenCV.
@safe struct OpenCVNetwork: ~Copyable {
  private let handle: OpaquePointer

  /// Reads ONNX bytes that `ONNXShapes` has accepted; OpenCV trusts its input too much for any others.
  init(_ bytes: [UInt8], path: String) throws(DetectionError) {
    var handle: OpaquePointer?
    let reason = unsafe bytes.withUnsafeBufferPointer {
      unsafe ocv_network_read($0.baseAddress, $0.count, &handle).map { unsafe OpenCV.text($0) }
    }
    guard reason == nil, let handle = unsafe handle else {
      throw .cannotRun(path: path, reason: reason ?? "it gave no network")
    }
    unsafe self.handle = handle
  }

  deinit { unsafe ocv_network_destroy(handle) }

  /// Runs the network on a picture that has passed `checkForFinding`.
  ///
  /// - Returns: the result of `body` for the output's values.
  /// - Throws: `.failed` with OpenCV's reason, or if the output's shape is not `shape`.
  func run<Result>(
    _ picture: Frame, letterbox: Letterbox, shape: [Int], _ body: (Span<Float>) -> Result
  ) throws(DetectionError) -> Result {
    var output = unsafe ocv_output()
    var box = letterbox.description
    let reason = unsafe picture.withPicture { picture in
      unsafe ocv_network_run(handle, picture, &box, &output).map { unsafe OpenCV.text($0) }
    }
    if let reason { throw .failed(reason: reason) }
    let sides = unsafe [
      output.sides.0, output.sides.1, output.sides.2, output.sides.3, output.sides.4, output.sides.5, output.sides.6,
      output.sides.7,
    ]
    let found = unsafe sides.prefix(Int(output.rank)).map { Int($0) }
    guard found == shape, let values = unsafe output.values else {
      throw .failed(reason: "the output's shape is \(shapeText(found)) instead of \(shapeText(shape))")
    }
    return unsafe body(Span(_unsafeStart: values, count: Int(output.count)))
  }
}

extension Letterbox {
  fileprivate var description: ocv_letterbox {
    ocv_letterbox(
      width: Int32(canvas.width), height: Int32(canvas.height), scaled_width: Int32(scaled.width),
      scaled_height: Int32(scaled.height))
  }
}
