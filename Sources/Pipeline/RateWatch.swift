import Video

/// Sees when frames come too seldom for a window ever to be filled.
struct RateWatch: Sendable {
  /// So many holes, over so long a time, are no mishap.
  private static let fewestHoles = 3
  private static let shortestTime = Duration.seconds(10)

  /// Samples of a window, and the time from its first to its last.
  private let samples: Int
  private let span: Duration
  private let longestGap: Duration
  private var samplesInRun = 0
  /// Since the last full window: the first frame, how many followed it, and how many runs broke off.
  private var begin: Duration?
  private var frames = 0
  private var broken = 0
  private var newest = Duration.zero

  init(_ options: PipelineOptions) {
    samples = options.frames
    span = options.rate.offset(ofTick: options.frames - 1)
    longestGap = options.longestGap
  }

  /// True while the samples since the last hole fill a window.
  private(set) var isFilled = false

  mutating func frame(at time: Duration) {
    if begin == nil || time < newest { (begin, frames, broken) = (time, -1, 0) }
    frames += 1
    newest = time
  }

  mutating func sample(beginsRun: Bool) {
    if beginsRun, samplesInRun > 0 { broken += 1 }
    samplesInRun = beginsRun ? 1 : samplesInRun + 1
    isFilled = samplesInRun >= samples
    if isFilled { (begin, frames, broken) = (newest, 0, 0) }
  }

  /// Frames were expected to stop.
  mutating func restart() { (begin, frames, broken, samplesInRun, isFilled) = (nil, 0, 0, 0, false) }

  /// Why no window is filled; `nil` while it is too early to say.
  var complaint: String? { broken >= Self.fewestHoles && elapsed >= Self.shortestTime ? reason : nil }

  /// The same once nothing more comes; `nil` for what is merely shorter than a window.
  var complaintAtEnd: String? { broken > 0 && elapsed > span ? reason : nil }

  private var elapsed: Duration { newest - (begin ?? newest) }

  private var reason: String {
    let rate = Double(frames) / (elapsed / .seconds(1))
    // Half of it would do if frames came as regularly as clockwork.
    let needed = 2 / (longestGap / .seconds(1))
    guard rate < needed else {
      return "frames stop for more than \(short(longestGap / .seconds(1))) s so often that no window of "
        + "\(short(span / .seconds(1))) s is filled"
    }
    return "too slow: \(short(rate)) frames a second, at least \(short(needed)) are needed"
  }

  /// At most two decimals.
  private func short(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}
