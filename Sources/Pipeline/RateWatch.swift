import Video

/// Detects that frames arrive too rarely ever to fill a window.
struct RateWatch: Sendable {
  /// This many gaps, over a long enough time, are not an accident.
  private static let fewestHoles = 3
  private static let shortestTime = Duration.seconds(10)

  /// Samples per window, and the time from its first to its last.
  private let samples: Int
  private let span: Duration
  private let longestGap: Duration
  private var samplesInRun = 0
  /// Since the last full window: the first frame's time, the number of frames after it, and the number of interrupted
  /// runs.
  private var begin: Duration?
  private var frames = 0
  private var broken = 0
  private var newest = Duration.zero

  init(_ options: PipelineOptions) {
    samples = options.frames
    span = options.rate.offset(ofTick: options.frames - 1)
    longestGap = options.longestGap
  }

  /// True while the samples since the last gap fill a window.
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

  /// Call when frames stop for a known reason.
  mutating func restart() { (begin, frames, broken, samplesInRun, isFilled) = (nil, 0, 0, 0, false) }

  /// Why no window gets filled; `nil` while it is too early to say.
  var complaint: String? { broken >= Self.fewestHoles && elapsed >= Self.shortestTime ? reason : nil }

  /// Like `complaint`, when no more frames will come; `nil` for a source merely shorter than a window.
  var complaintAtEnd: String? { broken > 0 && elapsed > span ? reason : nil }

  private var elapsed: Duration { newest - (begin ?? newest) }

  private var reason: String {
    let rate = Double(frames) / (elapsed / .seconds(1))
    // Half of that would suffice if frames arrived perfectly regularly.
    let needed = 2 / (longestGap / .seconds(1))
    guard rate < needed else {
      return "frames stop for more than \(short(longestGap / .seconds(1))) s so often that no window of "
        + "\(short(span / .seconds(1))) s is filled"
    }
    return "too slow: \(short(rate)) frames per second; at least \(short(needed)) are needed"
  }

  /// At most two decimals.
  private func short(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }
}
