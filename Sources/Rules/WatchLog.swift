/// Records when nobody was watching, as far back as a rule needs.
///
/// Before the first entry nobody was watching.
struct WatchLog: Sendable {
  /// Limits memory for a camera that fails constantly; beyond that, the oldest times in between count as unwatched.
  private static let most = 1000

  private let kept: Duration
  private var spans: [Range<Duration>] = []
  private var unwatchedSince: Duration? = .longAgo

  /// Keeps entries for `kept`.
  init(keeping kept: Duration) { self.kept = kept }

  mutating func note(_ isWatching: Bool, at now: Duration) {
    guard isWatching == (unwatchedSince != nil) else { return }
    guard let since = unwatchedSince else {
      unwatchedSince = now
      return
    }
    unwatchedSince = nil
    spans.removeAll { $0.upperBound < now - kept }
    if since < now { spans.append(since..<now) }
    if spans.count > Self.most {
      spans[1] = spans[0].lowerBound..<spans[1].upperBound
      spans.removeFirst()
    }
  }

  /// How much of a period was unwatched.
  func unwatched(from begin: Duration, to end: Duration) -> Duration {
    guard begin < end else { return .zero }
    let period = begin..<end
    let past = spans.reduce(Duration.zero) { sum, span in
      let shared = span.clamped(to: period)
      return sum + (shared.upperBound - shared.lowerBound)
    }
    return past + max(.zero, unwatchedSince.map { end - max(begin, $0) } ?? .zero)
  }
}
