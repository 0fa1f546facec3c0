import Foundation
import Video

/// Sizes of panels, in pixels.
struct PanelStyle {
  let title: Lettering
  let row: Lettering
  let margin: Int
  let barWidth: Int
  /// Maximum width of a panel.
  let widest: Int

  init(_ size: FrameSize) {
    title = Lettering(height: max(8, size.height / 50))
    row = Lettering(height: max(7, size.height / 60))
    margin = title.height / 2
    barWidth = 4 * title.height
    widest = min(size.width, max(size.width / 2, 24 * title.height))
  }

  /// Distance from the baseline of the line above to this lettering's baseline.
  func lineHeight(_ lettering: Lettering) -> Int {
    lettering.height + lettering.descent + max(3, lettering.height * 2 / 5)
  }
}

/// A name with the current activity, and below it a bar for each of the best scores.
struct Panel: Equatable {
  private struct Row: Equatable {
    var text: String
    var share: Float
  }

  private static let background = Color(red: 16, green: 16, blue: 16)
  private static let track = Color(red: 255, green: 255, blue: 255)
  private static let ink = Color(red: 255, green: 255, blue: 255)

  let width: Int
  let height: Int
  private let title: String
  private let rows: [Row]

  /// A panel that fits into the picture; texts are shortened and rows dropped as needed.
  ///
  /// `nil` if there is nothing to say or no room to say it.
  init?(_ subject: Moment.Subject, _ style: PanelStyle, room: FrameSize) {
    let name = subject.person.map { "Person \($0)" }
    let words = [name, subject.activity.map(Self.text)].compactMap(\.self).joined(separator: "  ")
    title = style.title.fitted(words, into: style.widest - 2 * style.margin)
    let indent = style.barWidth + style.margin
    let titleHeight = title.isEmpty ? 0 : style.lineHeight(style.title)
    let left = room.height - titleHeight - 2 * style.margin
    guard left >= 0 else { return nil }
    rows = subject.top.prefix(max(0, left / style.lineHeight(style.row))).compactMap { candidate in
      let text = style.row.fitted(Self.text(candidate), into: style.widest - 2 * style.margin - indent)
      return text.isEmpty ? nil : Row(text: text, share: min(max(candidate.share, 0), 1))
    }
    guard !title.isEmpty || !rows.isEmpty else { return nil }
    (width, height) = Self.size(title, rows, style)
  }

  /// The same panel reduced to its title, if it has one.
  func withoutBars(_ style: PanelStyle) -> Panel {
    title.isEmpty ? self : Panel(title: title, rows: [], style)
  }

  private init(title: String, rows: [Row], _ style: PanelStyle) {
    (self.title, self.rows) = (title, rows)
    (width, height) = Self.size(title, rows, style)
  }

  private static func size(_ title: String, _ rows: [Row], _ style: PanelStyle) -> (width: Int, height: Int) {
    let indent = style.barWidth + style.margin
    let widths = [style.title.width(of: title)] + rows.map { indent + style.row.width(of: $0.text) }
    let titleHeight = title.isEmpty ? 0 : style.lineHeight(style.title)
    return (
      min(style.widest, (widths.max() ?? 0) + 2 * style.margin),
      titleHeight + rows.count * style.lineHeight(style.row) + style.margin
    )
  }

  /// What to draw once the panel is placed.
  func marks(_ frame: PixelRectangle, _ color: Color, _ style: PanelStyle) -> [Mark] {
    var marks = [Mark.fill(frame, Self.background, opacity: 0.65)]
    let edge = PixelRectangle(x: frame.x, y: frame.y, width: max(1, style.margin / 3), height: frame.height)
    marks.append(.fill(edge, color, opacity: 1))
    let x = frame.x + style.margin
    var y = frame.y
    if !title.isEmpty {
      y += style.lineHeight(style.title)
      marks.append(.text(title, x: x, y: y - style.title.descent + style.margin / 3, style.title, Self.ink))
    }
    for row in rows {
      y += style.lineHeight(style.row)
      let base = y - style.row.descent + style.margin / 3
      func bar(_ share: Float) -> PixelRectangle {
        let width = Int((Float(style.barWidth) * share).rounded())
        return PixelRectangle(x: x, y: base - style.row.height, width: width, height: style.row.height)
      }
      marks += [.fill(bar(1), Self.track, opacity: 0.2), .fill(bar(row.share), color, opacity: 1)]
      marks.append(.text(row.text, x: x + style.barWidth + style.margin, y: base, style.row, Self.ink))
    }
    return marks
  }

  private static func text(_ candidate: Moment.Candidate) -> String {
    "\(candidate.label) \(String(format: "%.2f", candidate.share))"
  }
}
