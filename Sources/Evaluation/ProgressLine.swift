import Foundation
import Glibc

/// How far a training is: one terminal line drawn again and again, or now and then a line of a log.
package struct ProgressLine {
  /// One step that is done.
  package struct Step: Sendable {
    /// From 1.
    package var epoch: Int
    package var epochs: Int
    /// In the epoch, from 1.
    package var step: Int
    package var stepsPerEpoch: Int
    /// Terms of the loss in the order they are shown.
    package var losses: [(name: String, value: Double)]
    package var clips: Int
    package var seconds: Double
    /// Seconds of them spent waiting for data.
    package var waitSeconds: Double

    package init(
      epoch: Int, epochs: Int, step: Int, stepsPerEpoch: Int, losses: [(name: String, value: Double)], clips: Int,
      seconds: Double, waitSeconds: Double
    ) {
      (self.epoch, self.epochs, self.step, self.stepsPerEpoch) = (epoch, epochs, step, stepsPerEpoch)
      (self.losses, self.clips, self.seconds, self.waitSeconds) = (losses, clips, seconds, waitSeconds)
    }
  }

  /// Where the line goes.
  package enum Style: Equatable, Sendable {
    /// One line of at most so many columns, drawn over the last.
    case terminal(columns: Int)
    /// A line of its own each time.
    case log

    /// What standard error is.
    package static var standardError: Style {
      guard isatty(STDERR_FILENO) == 1 else { return .log }
      var size = winsize()
      guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
        return .terminal(columns: 80)
      }
      return .terminal(columns: Int(size.ws_col))
    }
  }

  /// Seconds after which what happened counts 1/e of what happens now.
  private static let memory = 60.0

  private let style: Style
  private let interval: Duration
  private let write: (String) -> Void
  private var lastShown: ContinuousClock.Instant?
  private var isDrawn = false
  private var recent = (steps: 0.0, clips: 0.0, seconds: 0.0, waitSeconds: 0.0)

  /// - Parameters:
  ///   - style: terminal or log.
  ///   - interval: between two lines; 0.2 s on a terminal and 30 s in a log when left out.
  ///   - write: takes what is shown; standard error when left out.
  package init(
    style: Style = .standardError, interval: Duration? = nil,
    write: @escaping (String) -> Void = { FileHandle.standardError.write(Data($0.utf8)) }
  ) {
    self.style = style
    self.interval = interval ?? (style == .log ? .seconds(30) : .milliseconds(200))
    self.write = write
  }

  /// Takes a step into account and shows it when the last line is old enough.
  package mutating func update(_ step: Step, now: ContinuousClock.Instant = .now) {
    let decay = exp(-max(0, step.seconds) / Self.memory)
    recent.steps = recent.steps * decay + 1
    recent.clips = recent.clips * decay + Double(step.clips)
    recent.seconds = recent.seconds * decay + step.seconds
    recent.waitSeconds = recent.waitSeconds * decay + step.waitSeconds

    let isLast = step.epoch == step.epochs && step.step == step.stepsPerEpoch
    guard isLast || lastShown.map({ now - $0 >= interval }) ?? true else { return }
    lastShown = now
    switch style {
    case .terminal(let columns):
      write("\r\(fitted(parts(step), bar(step), columns))\u{1B}[K")
      isDrawn = true
    case .log: write(parts(step).joined(separator: "  ") + "\n")
    }
  }

  /// Shows a message in a line of its own above the progress.
  package mutating func note(_ message: String) {
    clear()
    write(printable(message) + "\n")
  }

  /// Takes the line away; what comes next on the terminal begins in its place.
  package mutating func clear() {
    if isDrawn { write("\r\u{1B}[K") }
    isDrawn = false
    lastShown = nil
  }

  private func parts(_ step: Step) -> [String] {
    let width = String(step.stepsPerEpoch).count
    let number = String(step.step)
    var parts = [
      "epoch \(step.epoch)/\(step.epochs)",
      String(repeating: " ", count: max(0, width - number.count)) + "\(number)/\(step.stepsPerEpoch)",
    ]
    parts += step.losses.map { "\(printable($0.name)) \(significant($0.value))" }
    if recent.seconds > 0 {
      parts.append("\(significant(recent.clips / recent.seconds)) clips/s")
      parts.append("\(Markup.decimal(100 * recent.waitSeconds / recent.seconds, 0)) % waiting")
      let epochsLeft = max(0, step.epochs - step.epoch)
      let stepsLeft = Double(epochsLeft * step.stepsPerEpoch + max(0, step.stepsPerEpoch - step.step))
      parts.append("\(clock(stepsLeft * recent.seconds / recent.steps)) left")
    }
    return parts
  }

  private func bar(_ step: Step) -> String {
    let length = 20
    let share = Double(step.step) / Double(max(1, step.stepsPerEpoch))
    let filled = Int(min(max(share, 0), 1) * Double(length))
    return String(repeating: "█", count: filled) + String(repeating: "·", count: length - filled)
  }

  /// The bar and all parts, without the bar where they are too long, or cut.
  private func fitted(_ parts: [String], _ bar: String, _ columns: Int) -> String {
    // A full last column makes some terminals begin a new line.
    let room = max(1, columns - 1)
    let full = ([parts[0], bar] + parts.dropFirst()).joined(separator: "  ")
    if full.count <= room { return full }
    let plain = parts.joined(separator: "  ")
    return plain.count <= room ? plain : plain.prefix(room - 1) + "…"
  }
}

/// Names from files must not steer the terminal.
private func printable(_ text: String) -> String {
  String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
}

/// Four significant digits, as losses are read.
private func significant(_ value: Double) -> String { String(format: "%.4g", value) }

/// 1:02:33, or 2:33.
private func clock(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e9 else { return "?" }
  let whole = Int(seconds.rounded())
  let tail = String(format: "%02d", whole % 60)
  guard whole >= 3600 else { return "\(whole / 60):\(tail)" }
  return "\(whole / 3600):\(String(format: "%02d", whole / 60 % 60)):\(tail)"
}
