/// Why the person finder cannot work, worded for whoever configured the detector.
package enum DetectionError: Error, Equatable, CustomStringConvertible, Sendable {
  case cannotRead(path: String, reason: String)
  /// The file is not an ONNX file, or is damaged.
  case malformed(path: String, reason: String)
  /// A valid ONNX file, but not a supported detector.
  case unsuitable(path: String, reason: String)
  /// OpenCV rejects the network, or fails in its trial run.
  case cannotRun(path: String, reason: String)
  /// OpenCV failed on a picture.
  case failed(reason: String)
  /// The picture cannot be searched.
  case badPicture(reason: String)

  package var description: String {
    switch self {
    case .cannotRead(let path, let reason):
      "cannot read the person detector \(path): \(reason); name an ONNX file of the YOLOX family, or run `make detector`"
    case .malformed(let path, let reason):
      """
      the person detector \(path) is damaged or not an ONNX file: \(reason); fetch it again, or run `make detector`
      """
    case .unsuitable(let path, let reason):
      """
      the person detector \(path) is not a supported detector of the YOLOX family: \(reason); name another file, or run \
      `make detector`
      """
    case .cannotRun(let path, let reason):
      """
      OpenCV cannot run the person detector \(path): \(reason); export it again with fixed sizes, or run `make detector`
      """
    case .failed(let reason): "OpenCV failed while searching for people: \(reason)"
    case .badPicture(let reason): "this picture cannot be searched for people: \(reason)"
    }
  }
}
