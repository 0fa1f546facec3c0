import Foundation
import Glibc

/// Progress of a long job: one terminal line redrawn in place, or an occasional line in a log.
package struct ProgressLine {
  /// How the progress is shown.
  package enum Style: Equatable, Sendable {
    /// One line of at most `columns` characters, redrawn in place.
    case terminal(columns: Int)
    /// A new line each time.
    case log

    /// The style that suits standard error.
    package static var standardError: Style {
      guard isatty(STDERR_FILENO) == 1 else { return .log }
      var size = winsize()
      guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
        return .terminal(columns: 80)
      }
      return .terminal(columns: Int(size.ws_col))
    }
  }

  package let style: Style
  private let interval: Duration
  private let write: (String) -> Void
  private var lastShown: ContinuousClock.Instant?
  private var isDrawn = false

  /// - Parameters:
  ///   - style: terminal or log.
  ///   - interval: between two lines; by default 0.2 s on a terminal and 30 s in a log.
  ///   - write: receives the output; standard error by default.
  package init(
    style: Style = .standardError, interval: Duration? = nil,
    write: @escaping (String) -> Void = { StandardStreams.complain($0) }
  ) {
    self.style = style
    self.interval = interval ?? (style == .log ? .seconds(30) : .milliseconds(200))
    self.write = write
  }

  /// Shows the progress if the last line is old enough or this is the last one.
  ///
  /// - Parameters:
  ///   - share: the part done, 0 to 1, drawn as a bar after the first part; `nil` if unknown.
  ///   - isLast: nothing follows, so the line is always shown.
  ///   - now: the current time.
  ///   - parts: the texts of the line, at least one; control characters are replaced.
  package mutating func show(
    share: Double?, isLast: Bool = false, now: ContinuousClock.Instant = .now, _ parts: () -> [String]
  ) {
    guard isLast || lastShown.map({ now - $0 >= interval }) ?? true else { return }
    lastShown = now
    let parts = parts().map(printable)
    switch style {
    case .terminal(let columns):
      write("\r\(fitted(parts, share.map(bar), columns))\u{1B}[K")
      isDrawn = true
    case .log: write(parts.joined(separator: "  ") + "\n")
    }
  }

  /// Shows a message on its own line above the progress.
  package mutating func note(_ message: String) {
    clear()
    write(printable(message) + "\n")
  }

  /// Removes the line; later output starts in its place.
  package mutating func clear() {
    if isDrawn { write("\r\u{1B}[K") }
    isDrawn = false
    lastShown = nil
  }

  /// 1:02:33, or 2:33.
  package static func clock(_ seconds: Double) -> String {
    guard seconds.isFinite, abs(seconds) < 1e9 else { return "?" }
    let whole = Int(seconds.rounded())
    let tail = String(format: "%02d", whole % 60)
    guard whole >= 3600 else { return "\(whole / 60):\(tail)" }
    return "\(whole / 3600):\(String(format: "%02d", whole / 60 % 60)):\(tail)"
  }

  private func bar(_ share: Double) -> String {
    let length = 20
    let filled = Int(min(max(share, 0), 1) * Double(length))
    return String(repeating: "█", count: filled) + String(repeating: "·", count: length - filled)
  }

  /// The bar and all parts; the bar is dropped if they are too long, then the text is cut.
  private func fitted(_ parts: [String], _ bar: String?, _ columns: Int) -> String {
    // Some terminals wrap when the last column is filled.
    let room = max(1, columns - 1)
    let full = (parts.prefix(1) + [bar].compactMap(\.self) + parts.dropFirst()).joined(separator: "  ")
    if full.count <= room { return full }
    let plain = parts.joined(separator: "  ")
    return plain.count <= room ? plain : plain.prefix(room - 1) + "…"
  }
}

/// Replaces control characters, so that file names cannot control the terminal.
private func printable(_ text: String) -> String {
  String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
}
