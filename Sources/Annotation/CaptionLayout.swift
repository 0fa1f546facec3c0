import Video

/// Decides where the boxes, names and bars of a moment go on a picture.
///
/// A panel with the name stands next to its box, where it hides the least of other panels, other boxes and its own box;
/// in a crowd it drops its bars. It stays put until another place is clearly better, so that it does not jump from
/// frame to frame.
struct CaptionLayout {
  /// Sides of the box; the last two are aligned with the box's far edge.
  private enum Side: CaseIterable { case above, below, right, left, aboveLeftwards, belowLeftwards }

  private struct Place: Equatable {
    var side: Side
    var hasBars: Bool
  }

  private struct Placed {
    var panel: Panel
    var frame: PixelRectangle
    var color: Color
  }

  /// Okabe and Ito's colours, which most people can tell apart.
  private static let palette = [
    Color(red: 86, green: 180, blue: 233), Color(red: 230, green: 159, blue: 0), Color(red: 0, green: 178, blue: 130),
    Color(red: 240, green: 228, blue: 66), Color(red: 213, green: 94, blue: 0), Color(red: 204, green: 121, blue: 167),
  ]

  private let size: FrameSize
  private let style: PanelStyle
  private let line: Int
  /// Where each person's panel was last.
  private var places: [Int: Place] = [:]

  /// All sizes follow from the picture's height.
  init(size: FrameSize) {
    self.size = size
    style = PanelStyle(size)
    line = max(1, (size.height + 100) / 200)
  }

  /// What to draw, in drawing order.
  mutating func marks(_ moment: Moment) -> [Mark] {
    let boxes = moment.subjects.map { $0.box.flatMap(outline) }
    var placed: [Placed] = []
    for (index, subject) in moment.subjects.enumerated() {
      guard let panel = Panel(subject, style, room: size) else { continue }
      if let person = subject.person {
        guard let box = boxes[index] else { continue }
        let panels = [(panel, true)] + [(panel.withoutBars(style), false)].filter { $0.0 != panel }
        let others = boxes.enumerated().filter { $0.offset != index }.compactMap(\.element)
        let (chosen, frame) = place(panels, person, box, others: others, taken: placed.map(\.frame))
        placed.append(Placed(panel: chosen, frame: frame, color: color(subject)))
      } else {
        let frame = clamped(panel, x: style.margin, y: style.margin)
        placed.append(Placed(panel: panel, frame: frame, color: color(subject)))
      }
    }
    let present = Set(moment.subjects.compactMap(\.person))
    places = places.filter { present.contains($0.key) }
    let outlines = zip(boxes, moment.subjects).compactMap { box, subject in
      box.map { Mark.outline($0, color(subject), thickness: line) }
    }
    return outlines + placed.flatMap { $0.panel.marks($0.frame, $0.color, style) }
  }

  private func color(_ subject: Moment.Subject) -> Color {
    Self.palette[max(0, (subject.person ?? 1) - 1) % Self.palette.count]
  }

  /// The box in pixels with its whole outline inside the picture; `nil` if it lies outside.
  private func outline(_ box: PictureBox) -> PixelRectangle? {
    guard let box = box.inPicture else { return nil }
    func pixels(_ begin: Double, _ end: Double, _ count: Int) -> Range<Int> {
      let (low, high) = (line / 2, max(line / 2, count - 1 - line / 2))
      let first = min(max(Int(begin * Double(count)), low), high)
      return first..<max(first, min(Int(end * Double(count)), high)) + 1
    }
    let (columns, rows) = (pixels(box.x, box.right, size.width), pixels(box.y, box.bottom, size.height))
    return PixelRectangle(x: columns.lowerBound, y: rows.lowerBound, width: columns.count, height: rows.count)
  }

  /// The cheapest placement on any side: hiding a pixel of another panel costs most, then one of another box.
  private mutating func place(
    _ panels: [(panel: Panel, hasBars: Bool)], _ person: Int, _ box: PixelRectangle, others: [PixelRectangle],
    taken: [PixelRectangle]
  ) -> (Panel, PixelRectangle) {
    let area = panels[0].panel.width * panels[0].panel.height
    func hidden(_ frame: PixelRectangle, _ rectangles: [PixelRectangle]) -> Int {
      rectangles.map { $0.shared(with: frame) }.reduce(0, +)
    }
    let candidates = panels.flatMap { panel, hasBars in
      Side.allCases.map { side in
        let place = Place(side: side, hasBars: hasBars)
        let frame = frame(of: panel, beside: box, side)
        let cost = 8 * hidden(frame, taken) + 2 * hidden(frame, others) + hidden(frame, [box])
        return (
          panel: panel, frame: frame, place: place,
          cost: cost + (hasBars ? 0 : area / 2) - (places[person] == place ? area / 4 : 0)
        )
      }
    }
    let best = candidates.dropFirst().reduce(candidates[0]) { $1.cost < $0.cost ? $1 : $0 }
    places[person] = best.place
    return (best.panel, best.frame)
  }

  private func frame(of panel: Panel, beside box: PixelRectangle, _ side: Side) -> PixelRectangle {
    let (above, below) = (box.y - panel.height, box.y + box.height)
    let leftwards = box.x + box.width - panel.width
    return switch side {
    case .above: clamped(panel, x: box.x, y: above)
    case .below: clamped(panel, x: box.x, y: below)
    case .right: clamped(panel, x: box.x + box.width, y: box.y)
    case .left: clamped(panel, x: box.x - panel.width, y: box.y)
    case .aboveLeftwards: clamped(panel, x: leftwards, y: above)
    case .belowLeftwards: clamped(panel, x: leftwards, y: below)
    }
  }

  private func clamped(_ panel: Panel, x: Int, y: Int) -> PixelRectangle {
    PixelRectangle(
      x: min(max(0, x), size.width - panel.width), y: min(max(0, y), size.height - panel.height), width: panel.width,
      height: panel.height)
  }
}

extension PixelRectangle {
  /// The number of pixels in both rectangles.
  fileprivate func shared(with other: PixelRectangle) -> Int {
    let across = min(x + width, other.x + other.width) - max(x, other.x)
    let down = min(y + height, other.y + other.height) - max(y, other.y)
    return max(0, across) * max(0, down)
  }
}
