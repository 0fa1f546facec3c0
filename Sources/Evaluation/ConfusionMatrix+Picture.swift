extension ConfusionMatrix {
  /// The matrix as an SVG file: each row's fractions as colours, and as percentages where there is room.
  package func svg() -> String { drawing().standalone(title: Self.title) }

  /// The same picture for the report's page.
  func inlineSVG() -> String { drawing().inline(title: Self.title) }

  private static let title = "Confusion matrix: rows are true activities, columns recognised ones"
  private static let longestLabel = 30

  private func drawing() -> Drawing {
    let count = Double(labels.count)
    let cell: Double = labels.count <= 16 ? 34 : labels.count <= 45 ? 24 : labels.count <= 80 ? 14 : 11
    // Small cells get small names; the width is estimated for a typical sans-serif font.
    let nameStyle = cell >= 14 ? "label" : "small"
    let longest = min(labels.map(\.count).max() ?? 0, Self.longestLabel)
    let margin = 34 + Double(longest) * (cell >= 14 ? 6.2 : 5)
    let side = cell * count
    let supports = labels.indices.map(support)

    var picture = Drawing(width: margin + side + 60, height: margin + side + 56)
    picture.text("recognised as", margin + side / 2, 14, "muted", anchor: .middle)
    picture.text("true activity", 14, margin + side / 2, "muted", anchor: .middle, turned: true)
    picture.text("clips", margin + side + 8, margin - 8, "muted")
    for (index, label) in labels.enumerated() {
      let (middle, name) = (margin + (Double(index) + 0.5) * cell, Markup.cut(label, to: Self.longestLabel))
      picture.text(name, margin - 6, middle + 3.5, nameStyle, anchor: .end, hint: label)
      picture.text(name, middle + 3.5, margin - 6, nameStyle, turned: true, hint: label)
      picture.text("\(supports[index])", margin + side + 8, middle + 3.5, nameStyle + " quiet")
    }

    for truth in labels.indices {
      let y = margin + Double(truth) * cell
      if supports[truth] == 0 {
        picture.rectangle(margin, y, side, cell, "absent", hint: "\(labels[truth]): no clips")
      }
      for prediction in labels.indices where counts[truth][prediction] > 0 {
        let x = margin + Double(prediction) * cell
        let share = Double(counts[truth][prediction]) / Double(supports[truth])
        let hint = """
          \(labels[truth]) → \(labels[prediction]): \(counts[truth][prediction]) of \(supports[truth]) \
          (\(Markup.percent(share)))
          """
        // A single clip among thousands is still visible.
        picture.rectangle(x, y, cell, cell, "cell", opacity: 0.08 + 0.92 * share, hint: hint)
        if cell >= 24, share >= 0.005 {
          let style = share > 0.5 ? "figure over" : "figure"
          picture.text(Markup.decimal(100 * share, 0), x + cell / 2, y + cell / 2 + 3.5, style, anchor: .middle)
        }
      }
    }
    // Draw a line at every cell if cells are large, every ten if they are small.
    for index in 0...labels.count where cell >= 24 || index % 10 == 0 || index == labels.count {
      let offset = Double(index) * cell
      picture.line(margin, margin + offset, margin + side, margin + offset, "grid")
      picture.line(margin + offset, margin, margin + offset, margin + side, "grid")
    }
    addLegend(to: &picture, x: margin, y: margin + side + 22)
    return picture
  }

  /// Samples of the colours with the fractions they represent.
  private func addLegend(to picture: inout Drawing, x: Double, y: Double) {
    picture.text("0 %", x, y + 10, "muted")
    for step in 0..<10 {
      let share = (Double(step) + 0.5) / 10
      picture.rectangle(x + 26 + Double(step) * 14, y, 14, 12, "cell", opacity: 0.08 + 0.92 * share)
    }
    picture.text("100 % of the true activity's clips", x + 172, y + 10, "muted")
  }
}
