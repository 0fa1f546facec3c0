/// Why nobody can be looked for, in words for the person who named the detector.
package enum DetectionError: Error, Equatable, CustomStringConvertible, Sendable {
  case cannotRead(path: String, reason: String)
  /// The file is no ONNX file, or a damaged one.
  case malformed(path: String, reason: String)
  /// A sound ONNX file of something other than the detectors that are understood.
  case unsuitable(path: String, reason: String)
  /// OpenCV refuses the network, or fails in its trial run.
  case cannotRun(path: String, reason: String)
  /// OpenCV failed on a picture.
  case failed(reason: String)
  /// The picture is not one that can be searched.
  case badPicture(reason: String)

  package var description: String {
    switch self {
    case .cannotRead(let path, let reason):
      "cannot read the person detector \(path): \(reason); name an ONNX file of the YOLOX family, or run `make detector`"
    case .malformed(let path, let reason):
      """
      the person detector \(path) is damaged or no ONNX file: \(reason); fetch it again, or run `make detector`
      """
    case .unsuitable(let path, let reason):
      """
      the person detector \(path) is no detector of the YOLOX family that can be used: \(reason); name another file, or run \
      `make detector`
      """
    case .cannotRun(let path, let reason):
      """
      OpenCV cannot run the person detector \(path): \(reason); export it again with fixed sizes, or run `make detector`
      """
    case .failed(let reason): "OpenCV failed while it looked for people: \(reason)"
    case .badPicture(let reason): "nobody can be looked for in this picture: \(reason)"
    }
  }
}
