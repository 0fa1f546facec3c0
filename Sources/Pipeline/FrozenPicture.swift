import Video

/// Sees when a camera sends one picture again and again, as some do when they hang.
///
/// The noise of a sensor makes every picture differ from the one before, also in the dark; so what stays the same bit for
/// bit is no picture of now.
struct FrozenPicture: Sendable {
  /// Looking once a second costs nothing.
  private static let interval = Duration.seconds(1)

  private let limit: Duration?
  private var bytes: [UInt8] = []
  /// When the picture was first seen.
  private var since = Duration.zero
  private var looked: Duration?

  /// - Parameter limit: how long a picture may stay the same; `nil` for ever.
  init(limit: Duration?) { self.limit = limit }

  /// True while the picture has been the same for longer than it may.
  private(set) var isFrozen = false

  /// Looks at the next frame.
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

  /// The camera was away: what comes next is looked at anew.
  mutating func forget() { (looked, isFrozen) = (nil, false) }
}
