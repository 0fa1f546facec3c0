internal import Video

extension SyntheticCamera.Options {
  /// Reads what stands after `synthetic:`, as in `7?rate=25&size=320x240&format=yuyv&script=walk:5,sit:2.5`.
  ///
  /// Keys: rate, size, format, pace (realtime or fastest), length, script, and the faults lost and corrupt (one in so
  /// many frames), jitter, stall (`begin+length`) and disconnect; times in seconds.
  init(parsing text: Substring) throws(CaptureError) {
    self.init()
    func bad(_ reason: String) -> CaptureError { .badSource("synthetic:\(text)", reason: reason) }
    let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let seed = UInt64(parts[0]) else { throw bad("'\(parts[0])' is not a seed, a whole number") }
    var script: [SyntheticScene.Phase]?
    for pair in parts.dropFirst().flatMap({ $0.split(separator: "&") }) {
      let halves = pair.split(separator: "=", maxSplits: 1)
      guard halves.count == 2 else { throw bad("'\(pair)' is not key=value") }
      let (key, value) = (halves[0], halves[1])
      let isUnderstood: Bool
      switch key {
      case "rate": isUnderstood = assign(&rate, Double(value).flatMap { $0 > 0 && $0 <= 1000 ? $0 : nil })
      case "size": isUnderstood = assign(&size, parseSize(value))
      case "format":
        isUnderstood = assign(&format, SyntheticCamera.formats.first { $0.rawValue == value })
      case "pace": isUnderstood = assign(&pace, value == "realtime" ? .realTime : value == "fastest" ? .fastest : nil)
      case "length": isUnderstood = assign(&length, parseSeconds(value))
      case "script": isUnderstood = assign(&script, parseScript(value))
      case "lost": isUnderstood = assign(&faults.lostEvery, parseCount(value))
      case "corrupt": isUnderstood = assign(&faults.corruptEvery, parseCount(value))
      case "jitter": isUnderstood = assign(&faults.jitter, parseSeconds(value))
      case "stall": isUnderstood = assign(&faults.stall, parseStall(value))
      case "disconnect": isUnderstood = assign(&faults.disconnect, parseSeconds(value))
      default: throw bad("there is no option '\(key)'")
      }
      guard isUnderstood else { throw bad("'\(value)' is no value for '\(key)'") }
    }
    scene = script.map { SyntheticScene(seed: seed, script: $0) } ?? SyntheticScene(seed: seed)
  }
}

/// False, and nothing changed, without a value.
private func assign<Value>(_ target: inout Value, _ value: Value?) -> Bool {
  guard let value else { return false }
  target = value
  return true
}

/// The same for what may also be absent; its values are not to be taken for `.some(nil)`.
private func assign<Value>(_ target: inout Value?, _ value: Value?) -> Bool {
  guard let value else { return false }
  target = .some(value)
  return true
}

/// `640x480`; both sides even, at most 8192.
private func parseSize(_ text: Substring) -> FrameSize? {
  let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
  guard sides.count == 2, sides.allSatisfy({ $0 >= 2 && $0 <= 8192 && $0 % 2 == 0 }) else { return nil }
  return FrameSize(width: sides[0], height: sides[1])
}

/// Seconds from zero to a year.
private func parseSeconds(_ text: Substring) -> Duration? {
  guard let seconds = Double(text), seconds >= 0, seconds <= 31_536_000 else { return nil }
  return .nanoseconds(Int64(seconds * 1e9))
}

private func parseCount(_ text: Substring) -> Int? {
  guard let count = Int(text), count > 0 else { return nil }
  return count
}

/// `walk:5,sit:2.5`.
private func parseScript(_ text: Substring) -> [SyntheticScene.Phase]? {
  var script: [SyntheticScene.Phase] = []
  for step in text.split(separator: ",", omittingEmptySubsequences: false) {
    let halves = step.split(separator: ":")
    guard halves.count == 2, let activity = SyntheticActivity(rawValue: String(halves[0])),
      let length = parseSeconds(halves[1]), length > .zero
    else { return nil }
    script.append(SyntheticScene.Phase(activity, length))
  }
  return script
}

/// `begin+length`.
private func parseStall(_ text: Substring) -> Range<Duration>? {
  let halves = text.split(separator: "+")
  guard halves.count == 2, let begin = parseSeconds(halves[0]), let length = parseSeconds(halves[1]) else { return nil }
  return begin..<begin + length
}
