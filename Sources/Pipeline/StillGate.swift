import Video

/// Holds back windows in which nothing moves: what goes on stays as the last one said.
///
/// A window counts as still when no picture of it differs from the one before by more than the level. The first one of a
/// still time is scored, then every fourth, so that what was wrong does not stay so.
struct StillGate: Sendable {
  private static let every = 4

  /// In levels of luma, 0 to 255; 0 holds nothing back.
  let level: Float
  private var stillWindows = 0
  /// Windows that were held back.
  private(set) var held = 0

  init(level: Float) { self.level = level }

  /// True when `window` is to be held back.
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
