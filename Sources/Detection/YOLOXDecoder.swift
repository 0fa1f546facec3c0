import Glibc
import Video

/// Turns a YOLOX output into boxes.
///
/// Each row: centre x, y as offsets from the cell in strides, logarithms of width and height in strides, objectness,
/// one score per class; all scores are 0 to 1. People are class 0.
///
/// - Source: Ge et al., YOLOX (2021); `demo_postprocess` of the published code.
struct YOLOXDecoder {
  /// Weaker boxes are dropped.
  ///
  /// Low, because tracking can assign weak boxes to people it already follows.
  static let threshold: Float = 0.1
  /// If two boxes overlap by more, only the better one is kept.
  static let overlap = 0.65
  /// How many of the best boxes take part in suppression.
  static let candidates = 1000

  let layout: YOLOXLayout

  /// The people in an output of the layout's shape, within the picture.
  func people(in output: Span<Float>, letterbox: Letterbox) -> [ScoredBox] {
    var boxes: [ScoredBox] = []
    var row = 0
    for stride in layout.strides {
      let columns = layout.canvas.width / stride
      for cell in 0..<columns * (layout.canvas.height / stride) {
        let start = row * (5 + layout.classes)
        row += 1
        let score = output[start + 4] * output[start + 5]
        // Comparisons with NaN are false.
        guard score >= Self.threshold, score.isFinite else { continue }
        let (width, height) = (exp(Double(output[start + 2])), exp(Double(output[start + 3])))
        let x = Double(cell % columns) + Double(output[start]) - width / 2
        let y = Double(cell / columns) + Double(output[start + 1]) - height / 2
        let across = Double(stride) / Double(letterbox.scaled.width)
        let down = Double(stride) / Double(letterbox.scaled.height)
        let box = PictureBox(x: x * across, y: y * down, width: width * across, height: height * down)
        guard let visible = box.inPicture else { continue }
        boxes.append(ScoredBox(box: visible, score: min(1, score)))
      }
    }
    return Self.suppressed(boxes)
  }

  /// The boxes not covered by a better box, best first.
  static func suppressed(_ boxes: [ScoredBox]) -> [ScoredBox] {
    // Boxes of equal score keep their order, so that the same picture always gives the same boxes.
    let order = boxes.indices.sorted { (-boxes[$0].score, $0) < (-boxes[$1].score, $1) }
    var kept: [ScoredBox] = []
    for index in order.prefix(candidates) where kept.count < FinderLimits.boxes {
      let box = boxes[index]
      if !kept.contains(where: { $0.box.overlap(box.box) > overlap }) { kept.append(box) }
    }
    return kept
  }
}
