import Capture
import Evaluation
import Events

/// Prints the truth about a recording alongside what a daemon recognises while playing it.
struct TruthBeside {
  private let lines: [StreamTruth.Line]
  private let hasPeople: Bool
  private var next = 0
  /// When the recording started to play; `nil` until its camera is online.
  private var zero: ContinuousClock.Instant?

  init(_ truth: StreamTruth) {
    lines = truth.lines
    hasPeople = truth.people.count > 1
  }

  /// Notes when the first camera goes online, which is when the recording starts.
  mutating func hear(_ content: MessageContent, now: ContinuousClock.Instant = .now) {
    guard zero == nil else { return }
    switch content.body {
    case .health(let health) where health.type == .online: zero = now
    case .state(let state) where state.condition == "online":
      // A subscriber that joined slightly late missed that; the state says since when.
      zero = now - max(.zero, FrameClock.monotonic.now() - .nanoseconds(state.since.monotonic))
    default: break
    }
  }

  /// Everything that started since the last call, as text.
  mutating func due(now: ContinuousClock.Instant = .now) -> [String] {
    guard let zero else { return [] }
    var texts: [String] = []
    while next < lines.count, zero + .seconds(lines[next].span.begin) <= now {
      let line = lines[next]
      texts.append((hasPeople ? "person \(line.person) of the truth" : "the truth") + ": \(line.span.label)")
      next += 1
    }
    return texts
  }
}
