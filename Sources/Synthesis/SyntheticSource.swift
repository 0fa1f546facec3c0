package import Capture
package import Video

/// `synthetic:SEED?people=2&…`: rendered people as a source of frames, for trying things out without a camera.
///
/// What is seen depends only on seed, people, activities and length, so that every rate and size shows the same; it is
/// what `adl synth --stream` writes for them, and its truth.csv applies to both.
package struct SyntheticSource: AddedSource, Equatable {
  package static let name = "synthetic"
  /// Without a length, other people appear in another room after this time, again and again.
  static let endlessSeconds = 600.0

  package var seed: UInt64
  /// 1 or 2.
  package var people = 1
  /// Both sides must be even.
  package var size = FrameSize(width: 640, height: 480)
  package var framesPerSecond = 30
  /// Ends after this time; `nil` never ends.
  package var length: Duration?
  /// 0 at 45°, 1 in front, 2 at the side.
  package var camera = 1
  /// What happens, apart from what must happen in between.
  package var activities = SyntheticAction.allCases
  /// The camera disappears at this time, and starts over when reopened.
  package var disconnect: Duration?

  package var rate: Double { Double(framesPerSecond) }

  package init(seed: UInt64) { self.seed = seed }

  package init(parsing text: Substring) throws(CaptureError) {
    func bad(_ reason: String) -> CaptureError { .badSource("\(Self.name):\(text)", reason: reason) }
    let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard let seed = UInt64(parts[0]) else { throw bad("'\(parts[0])' is not a seed, a whole number") }
    self.init(seed: seed)
    for pair in parts.dropFirst().flatMap({ $0.split(separator: "&", omittingEmptySubsequences: false) }) {
      let halves = pair.split(separator: "=", maxSplits: 1)
      guard halves.count == 2 else { throw bad("'\(pair)' is not key=value") }
      let (key, value) = (String(halves[0]), halves[1])
      guard let allowed = Self.allowed[key] else {
        throw bad("there is no option '\(key)'; the options are \(Self.allowed.keys.sorted().joined(separator: ", "))")
      }
      guard assign(key, value) else { throw bad("'\(value)' is not valid for '\(key)'; it must be \(allowed)") }
    }
  }

  package func open(pace: MediaFile.Pace, clock: FrameClock) throws(CaptureError) -> any FrameSource & ~Copyable {
    SyntheticCamera(self, pace: pace, clock: clock)
  }
}

extension SyntheticSource {
  /// The options, and their allowed values.
  private static let allowed = [
    "people": "1 or 2",
    "rate": "1 to 120 whole frames per second",
    "size": "two even numbers from 64 to 1920, such as 320x240",
    "length": "1 to 86400 seconds",
    "camera": "1, 2 or 3",
    "activities": "labels of rendered activities, such as Walk,Sitdown",
    "disconnect": "1 to 86400 seconds",
  ]

  /// Returns false, with nothing changed, for a value that is not allowed.
  private mutating func assign(_ key: String, _ value: Substring) -> Bool {
    func set<Value>(_ path: WritableKeyPath<Self, Value>, _ value: Value?) -> Bool {
      guard let value else { return false }
      self[keyPath: path] = value
      return true
    }
    func whole(_ range: ClosedRange<Int>) -> Int? { Int(value).flatMap { range.contains($0) ? $0 : nil } }
    var seconds: Duration?? {
      Double(value).flatMap { (1...86_400).contains($0) ? .some(.seconds($0)) : nil }
    }
    return switch key {
    case "people": set(\.people, whole(1...2))
    case "rate": set(\.framesPerSecond, whole(1...120))
    case "size": set(\.size, FrameSize(rendered: value))
    case "length": set(\.length, seconds)
    case "camera": set(\.camera, whole(1...3).map { $0 - 1 })
    case "activities": set(\.activities, Self.actions(value))
    case "disconnect": set(\.disconnect, seconds)
    default: false
    }
  }

  private static func actions(_ labels: Substring) -> [SyntheticAction]? {
    let labels = labels.split(separator: ",", omittingEmptySubsequences: false)
    let actions = labels.compactMap { label in SyntheticAction.allCases.first { $0.label == label } }
    return actions.count == labels.count ? actions : nil
  }
}

extension FrameSize {
  /// Parses a size that can be rendered, such as `320x240`.
  ///
  /// - Parameter text: width and height, even, from 64 to 1920.
  init?(rendered text: Substring) {
    let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard sides.count == 2, sides.allSatisfy({ (64...1920).contains($0) && $0 % 2 == 0 }) else { return nil }
    self.init(width: sides[0], height: sides[1])
  }
}
