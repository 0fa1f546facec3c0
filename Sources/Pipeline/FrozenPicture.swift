import Video

/// Detects a camera that keeps sending the same picture, as some do when they hang.
///
/// Sensor noise makes every picture differ from the previous one, even in the dark; so a picture that stays the same
/// bit for bit is not live.
struct FrozenPicture: Sendable {
  /// Checking once per second costs nothing.
  private static let interval = Duration.seconds(1)

  private let limit: Duration?
  private var bytes: [UInt8] = []
  /// When the current picture was first seen.
  private var since = Duration.zero
  private var looked: Duration?

  /// - Parameter limit: how long a picture may stay the same; `nil` for no limit.
  init(limit: Duration?) { self.limit = limit }

  /// True while the picture has been the same for longer than the limit.
  private(set) var isFrozen = false

  /// Checks the next frame.
  mutating func look(at frame: borrowing Frame, _ now: Duration) {
    guard let limit else { return }
    if !isFrozen, let looked, now - looked < Self.interval, now >= looked { return }
    let isFirst = looked == nil
    looked = now
    let isSame = !isFirst && bytes.count == frame.byteCount && frame.bytes.starts(with: bytes)
    if !isSame {
      bytes.removeAll(keepingCapacity: true)
      bytes += frame.bytes[..<frame.byteCount]
      since = now
    }
    isFrozen = isSame && now - since >= limit
  }

  /// The camera was lost: starts over with the next frame.
  mutating func forget() { (looked, isFrozen) = (nil, false) }
}
