import Video

/// Holds back windows in which nothing moves, so that the last result stays in force.
///
/// A window counts as still if no picture in it differs from the previous one by more than the level. The first still
/// window is scored, then every fourth, so that a wrong result does not last.
struct StillGate: Sendable {
  private static let every = 4

  /// In levels of luma, 0 to 255; 0 holds nothing back.
  let level: Float
  private var stillWindows = 0
  /// Number of windows held back.
  private(set) var held = 0

  init(level: Float) { self.level = level }

  /// True if `window` should be held back.
  mutating func holdsBack(_ window: ClipWindow) -> Bool {
    guard level > 0, window.samples.dropFirst().allSatisfy({ $0.motion < level }) else {
      stillWindows = 0
      return false
    }
    stillWindows += 1
    guard stillWindows % Self.every != 1 else { return false }
    held += 1
    return true
  }
}
