/// Combines the scores of recent windows, so that no single window decides.
struct ScoreSmoothing: Sendable {
  private let method: RecognitionOptions.Smoothing
  private let windows: Int
  /// Newest last; for `ema` just the running average.
  private var recent: [[Float]] = []

  init(_ method: RecognitionOptions.Smoothing, windows: Int) {
    precondition(windows > 0)
    self.method = method
    self.windows = windows
  }

  mutating func reset() { recent.removeAll() }

  /// The smoothed probabilities including `probabilities`.
  mutating func add(_ probabilities: [Float]) -> [Float] {
    if method == .ema, let average = recent.last {
      let weight = 2 / Float(windows + 1)
      recent = [zip(average, probabilities).map { $0 + weight * ($1 - $0) }]
    } else {
      recent.append(probabilities)
      if recent.count > windows { recent.removeFirst() }
    }
    guard recent.count > 1 else { return recent[0] }
    return probabilities.indices.map { index in
      let values = recent.map { $0[index] }
      return method == .median ? Self.median(values) : values.reduce(0, +) / Float(values.count)
    }
  }

  private static func median(_ values: [Float]) -> Float {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
