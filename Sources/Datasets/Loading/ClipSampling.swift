/// How the windows of a whole recording are laid out for evaluation.
///
/// - Source: methods.md 7.4.
package enum WindowScheme: String, Sendable, CaseIterable, Codable {
  /// Every second frame, windows half overlapping, the last flush with the end.
  case paper
  /// As released: parts of twice the length without overlap, consecutive frames from a quarter in, remainders dropped.
  case code
}

/// Which frames of a recording a network sees.
///
/// - Source: methods.md 7.2.
package enum ClipSampling {
  /// One window for training.
  ///
  /// Recordings of more than twice the length give every second frame from a random start, shorter ones consecutive frames;
  /// what is shorter than a window is repeated from its start.
  ///
  /// - Parameters:
  ///   - count: frames of the recording, at least 1.
  ///   - frames: frames of a window.
  ///   - draw: 0..<1 chooses the start; 0.5 is the centre.
  /// - Returns: `frames` indices below `count`.
  package static func indices(count: Int, frames: Int, draw: Double) -> [Int] {
    precondition(count > 0 && frames > 0 && (0..<1).contains(draw))
    if count < frames { return (0..<frames).map { $0 % count } }
    let step = count > 2 * frames ? 2 : 1
    let last = count - step * frames
    let start = min(last, Int(draw * Double(last + 1)))
    return (0..<frames).map { start + $0 * step }
  }

  /// All windows of a recording.
  package static func windows(count: Int, frames: Int, _ scheme: WindowScheme) -> [[Int]] {
    precondition(count > 0 && frames > 0)
    let span = 2 * frames
    switch scheme {
    case .paper:
      guard count > span else { return [indices(count: count, frames: frames, draw: 0.5)] }
      var starts = Array(stride(from: 0, through: count - span, by: frames))
      if let last = starts.last, last < count - span { starts.append(count - span) }
      return starts.map { start in (0..<frames).map { start + 2 * $0 } }
    case .code:
      guard count >= span else { return [indices(count: count, frames: frames, draw: 0.5)] }
      return (0..<count / span).map { part in (0..<frames).map { part * span + frames / 2 + $0 } }
    }
  }
}
