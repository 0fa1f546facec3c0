import Foundation

/// A line that shows how far a long file is, at what rate, and how long it will take.
///
/// Shown only on a terminal, and only once the work has lasted two seconds.
struct RecognitionProgress {
  private let duration: Duration?
  private let isShown: Bool
  private let began = ContinuousClock.now
  private var lastShown: ContinuousClock.Instant?

  init(duration: Duration?, isShown: Bool) {
    self.duration = duration
    self.isShown = isShown
  }

  mutating func reached(_ time: Duration) {
    let now = ContinuousClock.now
    guard isShown, now - began > .seconds(2), lastShown.map({ now - $0 > .milliseconds(200) }) ?? true else { return }
    lastShown = now
    let rate = time / (now - began)
    var line = "\(clock(time))  \(rate.formatted(.number.precision(.fractionLength(1)))) x real time"
    if let duration, duration > .zero, rate > 0 {
      let share = min(1, time / duration)
      let filled = Int(share * 30)
      let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: 30 - filled)
      line = "\(bar) \(Int(share * 100)) %  \(line)  \(clock((duration - time) / rate)) left"
    }
    show("\r\(line)\u{1B}[K")
  }

  mutating func finish() {
    if lastShown != nil { show("\r\u{1B}[K") }
  }

  private func show(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
