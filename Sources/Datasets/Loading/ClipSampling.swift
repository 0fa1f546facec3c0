/// How the windows of a whole recording are laid out for evaluation.
///
/// - Source: methods.md 7.4.
package enum WindowScheme: String, Sendable, CaseIterable, Codable {
  /// Every second frame, with windows that overlap by half; the last one ends at the recording's end.
  case paper
  /// As in the released code: sections of twice the length without overlap, consecutive frames starting at a quarter,
  /// remainders dropped.
  case code
}

/// Chooses the frames of a recording that a network sees.
///
/// - Source: methods.md 7.2.
package struct ClipSampling: Equatable, Sendable {
  /// Frames per window.
  package let frames: Int
  /// Distance between the video frames of a window.
  ///
  /// `nil` is the papers' rule: two in recordings of more than twice the window's length, one in shorter ones. A number
  /// gives all recordings the same time scale, as with a camera.
  package let stride: Int?

  package init(frames: Int, stride: Int? = nil) {
    precondition(frames > 0 && stride ?? 1 > 0)
    (self.frames, self.stride) = (frames, stride)
  }

  /// One training window from a random start; a recording shorter than a window is repeated from its start.
  ///
  /// - Parameters:
  ///   - count: number of frames of the recording, at least 1.
  ///   - draw: 0..<1 chooses the start; 0.5 is the centre.
  ///   - speed: factor on the distance between frames.
  /// - Returns: `frames` indices below `count`.
  package func indices(count: Int, draw: Double, speed: Double = 1) -> [Int] {
    precondition(count > 0 && (0..<1).contains(draw) && speed > 0)
    guard speed == 1 else {
      // Played at another speed, a recording has a different number of frames; each shows the nearest original one.
      let played = max(1, Int((Double(count) / speed).rounded()))
      return indices(count: played, draw: draw).map { min(Int((Double($0) * speed).rounded()), count - 1) }
    }
    let step = stride ?? (count > 2 * frames ? 2 : 1)
    let span = step * (frames - 1) + 1
    if count < span {
      let seen = (count + step - 1) / step
      return (0..<frames).map { $0 % seen * step }
    }
    // The papers' rule leaves room for one more whole step.
    let last = count - (stride == nil ? step * frames : span)
    let start = min(last, Int(draw * Double(last + 1)))
    return (0..<frames).map { start + $0 * step }
  }

  /// One window for a part of a recording.
  ///
  /// Its middle lies in the part; the frames before and after the part are seen too, as in a camera's windows. Only a
  /// recording shorter than a window is repeated.
  ///
  /// - Parameters:
  ///   - part: frames of the part, at least one.
  ///   - count: number of frames of the recording.
  ///   - draw: 0..<1 chooses the middle; 0.5 is the middle of the part.
  ///   - speed: factor on the distance between frames.
  /// - Returns: `frames` indices below `count`.
  package func indices(around part: Range<Int>, count: Int, draw: Double, speed: Double = 1) -> [Int] {
    precondition(
      !part.isEmpty && part.lowerBound >= 0 && part.upperBound <= count && (0..<1).contains(draw) && speed > 0)
    let step = Double(stride ?? (part.count > 2 * frames ? 2 : 1)) * speed
    let span = Int((step * Double(frames - 1)).rounded()) + 1
    guard span <= count else { return indices(count: count, draw: draw, speed: speed) }
    let middle = part.lowerBound + Int(draw * Double(part.count))
    let start = max(0, min(middle - span / 2, count - span))
    return (0..<frames).map { start + Int((Double($0) * step).rounded()) }
  }

  /// A window together with the frames before and after it.
  ///
  /// - Parameters:
  ///   - window: frame indices.
  ///   - context: how many frames to add on either side, at the window's own step.
  ///   - count: number of frames of the recording; beyond its ends the first and last frames repeat.
  /// - Returns: `frames` + 2 · `context` indices below `count`.
  package func surrounded(_ window: [Int], by context: Int, count: Int) -> [Int] {
    guard let first = window.first, let last = window.last else { return [] }
    let step = max(1, Double(last - first) / Double(max(1, window.count - 1)))
    func distance(_ index: Int) -> Int { Int((Double(index) * step).rounded()) }
    let before = (1...context).reversed().map { max(0, first - distance($0)) }
    return before + window + (1...context).map { min(last + distance($0), count - 1) }
  }

  /// All windows for a part of a recording: those inside the part, or one around a part shorter than a window.
  package func windows(around part: Range<Int>, count: Int, _ scheme: WindowScheme) -> [[Int]] {
    guard part.count > (stride ?? 2) * frames else { return [indices(around: part, count: count, draw: 0.5)] }
    return windows(count: part.count, scheme).map { $0.map { $0 + part.lowerBound } }
  }

  /// All windows of a recording.
  package func windows(count: Int, _ scheme: WindowScheme) -> [[Int]] {
    precondition(count > 0)
    let step = stride ?? 2
    let span = step * frames
    switch scheme {
    case .paper:
      guard count > span else { return [indices(count: count, draw: 0.5)] }
      var starts = Array(Swift.stride(from: 0, through: count - span, by: span / 2))
      if let last = starts.last, last < count - span { starts.append(count - span) }
      return starts.map { start in (0..<frames).map { start + step * $0 } }
    case .code:
      guard count >= span else { return [indices(count: count, draw: 0.5)] }
      // Half of each section, from its middle outwards, at half the step; at least one frame.
      let inner = max(1, step / 2)
      return (0..<count / span).map { part in
        (0..<frames).map { part * span + (span - inner * frames) / 2 + inner * $0 }
      }
    }
  }
}
