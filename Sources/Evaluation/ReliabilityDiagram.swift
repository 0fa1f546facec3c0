/// How often predictions of each probability are correct, and how many there are.
struct ReliabilityDiagram {
  let bins: [EvaluationResult.ReliabilityBin]

  func inlineSVG() -> String {
    let (left, top, side, strip) = (64.0, 12.0, 280.0, 56.0)
    let floor = top + side
    let stripTop = floor + 14
    let clips = bins.reduce(0) { $0 + $1.count }
    let largest = max(1, bins.map(\.count).max() ?? 1)
    let width = side / Double(max(1, bins.count))

    var picture = Drawing(width: left + side + 20, height: stripTop + strip + 40)
    for tick in stride(from: 0.0, through: 1, by: 0.25) {
      picture.line(left, floor - tick * side, left + side, floor - tick * side, "grid")
      let text = Markup.percent(tick, digits: 0)
      picture.text(text, left - 8, floor - tick * side + 3.5, "label quiet", anchor: .end)
      picture.text(text, left + tick * side, stripTop + strip + 16, "label quiet", anchor: .middle)
    }
    picture.text("correct", 12, top + side / 2, "muted", anchor: .middle, turned: true)
    picture.text("clips", 12, stripTop + strip / 2, "muted", anchor: .middle, turned: true)
    picture.text("probability of the verdict", left + side / 2, stripTop + strip + 34, "muted", anchor: .middle)

    for (index, bin) in bins.enumerated() where bin.count > 0 {
      let x = left + Double(index) * width
      let hint = """
        \(bin.count) of \(clips) clips: probability \(Markup.percent(bin.confidence)), \
        correct \(Markup.percent(bin.accuracy))
        """
      picture.rectangle(x + 1, floor - bin.accuracy * side, width - 2, bin.accuracy * side, "dot c0", hint: hint)
      picture.rectangle(x + 1, floor - bin.confidence * side - 1.5, width - 2, 3, "dot c1", hint: hint)
      let tall = Double(bin.count) / Double(largest) * strip
      picture.rectangle(x + 1, stripTop + strip - tall, width - 2, tall, "count", hint: hint)
    }
    picture.line(left, floor, left + side, top, "ideal")
    picture.line(left, floor, left + side, floor, "grid")
    picture.line(left, stripTop + strip, left + side, stripTop + strip, "grid")
    return picture.inline(title: "Reliability diagram: fraction of correct verdicts by probability")
  }
}
