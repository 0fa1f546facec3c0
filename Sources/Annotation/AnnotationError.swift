/// Why a recording could not be annotated.
package enum AnnotationError: Error, Equatable, CustomStringConvertible {
  /// OpenCV failed; `reason` is its message.
  case cannotDraw(reason: String)
  /// No frame of the recording could be drawn on.
  case noFrames(reason: String?)

  package var description: String {
    switch self {
    case .cannotDraw(let reason): "cannot draw on the recording: \(reason)"
    case .noFrames(let reason): "no frame of the recording could be drawn on" + (reason.map { ": \($0)" } ?? "")
    }
  }
}
