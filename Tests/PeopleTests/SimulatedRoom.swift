import Basics
import Foundation
import Video

/// A person in a simulated room: moves straight between points, and may pause between them.
struct Actor {
  /// Height and width of the body, relative to the picture's height.
  var height: Double
  var width: Double
  /// The position of the centre over time; the actor is present from the first to the last entry.
  var path: [(time: Double, x: Double, y: Double)]

  /// Walks straight from one place to another at a speed in body heights per second.
  init(
    height: Double, from start: (x: Double, y: Double), to goal: (x: Double, y: Double), speed: Double, at time: Double
  ) {
    let length = hypot(goal.x - start.x, goal.y - start.y)
    self.height = height
    width = 0.4 * height
    path = [(time, start.x, start.y), (time + length / (speed * height), goal.x, goal.y)]
  }

  init(height: Double, path: [(time: Double, x: Double, y: Double)]) {
    self.height = height
    width = 0.4 * height
    self.path = path
  }

  /// The body's box, in fractions of a picture of `aspect`; `nil` before, after, and when mostly outside.
  func box(at time: Double, aspect: Double) -> PictureBox? {
    guard let next = path.firstIndex(where: { $0.time > time }), next > 0 else { return nil }
    let (before, after) = (path[next - 1], path[next])
    let part = (time - before.time) / (after.time - before.time)
    let x = before.x + part * (after.x - before.x)
    let y = before.y + part * (after.y - before.y)
    let box = PictureBox(x: (x - width / 2) / aspect, y: y - height / 2, width: width / aspect, height: height)
    guard let visible = box.inPicture, visible.area > 0.3 * box.area else { return nil }
    return visible
  }
}

/// People, obstacles, and an imperfect finder.
struct SimulatedRoom {
  var aspect = 16.0 / 9
  var actors: [Actor] = []
  /// Horizontal ranges, relative to the picture's height, behind which nobody is visible.
  var screens: [ClosedRange<Double>] = []
  /// Deviation of a box's centre and sides, relative to the box's height.
  var jitter = 0.05
  /// Fraction of the boxes that are missing or have low confidence.
  var misses = 0.3
  /// False boxes per answer.
  var falseBoxes = 0.1

  /// The true boxes, by the actor's index.
  func truth(at time: Double) -> [Int: PictureBox] {
    var boxes: [Int: PictureBox] = [:]
    for (index, actor) in actors.enumerated() { boxes[index] = actor.box(at: time, aspect: aspect) }
    return boxes
  }

  /// True for an actor behind a screen or mostly behind a nearer (lower) body.
  func isHidden(_ index: Int, in boxes: [Int: PictureBox]) -> Bool {
    guard let box = boxes[index] else { return true }
    if screens.contains(where: { $0.contains(box.centerX * aspect) }) { return true }
    return boxes.contains { other, nearer in
      guard other != index, (nearer.bottom, other) > (box.bottom, index) else { return false }
      return (nearer.intersection(box)?.area ?? 0) > 0.6 * box.area
    }
  }

  /// The finder's answer.
  func boxes(at time: Double, using random: inout SplitMix64) -> [ScoredBox] {
    let truth = truth(at: time)
    var found: [ScoredBox] = []
    for index in truth.keys.sorted() {
      guard let box = truth[index] else { continue }
      // Every actor uses the same number of random numbers whatever happens, so one fault does not affect the others.
      let seen = Double.random(in: 0..<1, using: &random) >= misses
      let isDoubtful = Double.random(in: 0..<1, using: &random) < 0.3
      let score = Float.random(in: seen ? 0.5..<0.98 : 0.1..<0.5, using: &random)
      let shaken = shake(box, using: &random)
      guard !isHidden(index, in: truth), seen || isDoubtful else { continue }
      found.append(ScoredBox(box: shaken.inPicture ?? box, score: score))
    }
    if Double.random(in: 0..<1, using: &random) < falseBoxes {
      let height = Double.random(in: 0.1..<0.6, using: &random)
      let x = Double.random(in: 0..<0.9, using: &random)
      let y = Double.random(in: 0..<1 - height, using: &random)
      let score = Float.random(in: 0.1..<0.8, using: &random)
      found.append(ScoredBox(box: PictureBox(x: x, y: y, width: 0.4 * height / aspect, height: height), score: score))
    }
    return found.shuffled(using: &random)
  }

  private func shake(_ box: PictureBox, using random: inout SplitMix64) -> PictureBox {
    let scale = jitter * box.height
    let (x, y) = (scale * random.normal() / aspect, scale * random.normal())
    let (width, height) = (box.width * (1 + jitter * random.normal()), box.height * (1 + jitter * random.normal()))
    return PictureBox(
      x: box.centerX + x - width / 2, y: box.centerY + y - height / 2, width: width, height: height)
  }
}

extension SplitMix64 {
  /// Mean 0 and deviation 1; approximately normal, as the sum of 12 uniform numbers.
  mutating func normal() -> Double {
    (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &self) }
  }
}
