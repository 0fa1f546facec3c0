/// When nobody watched, as far back as a rule looks.
///
/// Before the first note nobody did.
struct WatchLog: Sendable {
  /// A camera that fails at every moment costs no more memory than this; the oldest times between are then not watched.
  private static let most = 1000

  private let kept: Duration
  private var spans: [Range<Duration>] = []
  private var unwatchedSince: Duration? = .longAgo

  /// Looks back by `kept`.
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

  /// How much of a period was not watched.
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
