import Foundation
import Video

/// A box in units of the picture's height in both directions, so that distances are comparable.
struct Body: Equatable, Sendable {
  var centerX: Double
  var centerY: Double
  var width: Double
  var height: Double

  /// The body for a box in a picture with this `aspect`, its width over its height.
  init(_ box: PictureBox, aspect: Double) {
    (centerX, centerY) = (box.centerX * aspect, box.centerY)
    (width, height) = (box.width * aspect, box.height)
  }

  init(centerX: Double, centerY: Double, width: Double, height: Double) {
    (self.centerX, self.centerY, self.width, self.height) = (centerX, centerY, width, height)
  }

  /// The longer side: roughly a body's height, whether standing or lying.
  var length: Double { max(width, height) }

  func pictureBox(aspect: Double) -> PictureBox {
    PictureBox(
      x: (centerX - width / 2) / aspect, y: centerY - height / 2, width: width / aspect, height: height)
  }

  /// The distance between the centres, in units of the longer body's length.
  func distance(_ other: Body) -> Double {
    let (x, y) = (centerX - other.centerX, centerY - other.centerY)
    return (x * x + y * y).squareRoot() / max(length, other.length)
  }

  /// Intersection over union, minus the fraction wasted by the smallest box around both: −1 (far apart) to 1
  /// (identical).
  ///
  /// - Source: Rezatofighi et al., generalized IoU (2019).
  func generalizedOverlap(_ other: Body) -> Double {
    let (mine, theirs) = (pictureBox(aspect: 1), other.pictureBox(aspect: 1))
    let shared = mine.intersection(theirs)?.area ?? 0
    let union = mine.area + theirs.area - shared
    let width = max(mine.right, theirs.right) - min(mine.x, theirs.x)
    let height = max(mine.bottom, theirs.bottom) - min(mine.y, theirs.y)
    return shared / union - (width * height - union) / (width * height)
  }
}

/// Estimates a body's position and motion from jittering boxes.
struct BodyFilter: Equatable, Sendable {
  /// Standard deviations of a box's centre, in body lengths, and of the logarithms of height and aspect.
  private static let (jitter, sizeJitter, shapeJitter) = (0.06, 0.08, 0.12)
  /// Standard deviation of the speed of somebody seen once, in body lengths per second.
  private static let unknownSpeed = 0.7
  /// How much a walker's speed changes per second, in body lengths per second.
  private static let agitation = 0.45
  /// By then the filter's uncertainty is too large to be useful.
  private static let longestPrediction = 5.0

  private var x: KalmanAxis
  private var y: KalmanAxis
  private var logHeight: KalmanAxis
  private var logAspect: KalmanAxis

  init(_ body: Body) {
    let (near, speed) = (Self.jitter * body.length, Self.unknownSpeed * body.length)
    x = KalmanAxis(body.centerX, deviation: near, rateDeviation: speed)
    y = KalmanAxis(body.centerY, deviation: near, rateDeviation: speed / 2)
    logHeight = KalmanAxis(log(body.height), deviation: Self.sizeJitter, rateDeviation: 0.2)
    logAspect = KalmanAxis(log(body.width / body.height), deviation: Self.shapeJitter, rateDeviation: 0.2)
  }

  var body: Body {
    let height = exp(logHeight.value)
    return Body(centerX: x.value, centerY: y.value, width: height * exp(logAspect.value), height: height)
  }

  /// In body lengths per second.
  var speed: Double { (x.rate * x.rate + y.rate * y.rate).squareRoot() / body.length }

  mutating func predict(_ seconds: Double) {
    let seconds = min(max(seconds, 0), Self.longestPrediction)
    let agitation = Self.agitation * body.length
    x.predict(seconds, memory: 3, agitation: agitation)
    y.predict(seconds, memory: 2, agitation: agitation / 2)
    logHeight.predict(seconds, memory: 0.7, agitation: 0.15)
    logAspect.predict(seconds, memory: 0.3, agitation: 0.3)
  }

  /// How unlikely a box is, given where the body is expected: about 0 at the expected place just after another box,
  /// more elsewhere.
  func surprise(_ body: Body) -> Double {
    let near = Self.jitter * self.body.length
    let sum =
      x.surprise(body.centerX, deviation: near) + y.surprise(body.centerY, deviation: near)
      + logHeight.surprise(log(body.height), deviation: Self.sizeJitter)
    return sum - 2 * log(near) - log(Self.sizeJitter)
  }

  /// Updates the estimate with a measurement; `trust` is 1 for a confident box, and a lower value means more jitter.
  mutating func correct(_ body: Body, trust: Double) {
    let near = Self.jitter * self.body.length / trust
    x.correct(body.centerX, deviation: near)
    y.correct(body.centerY, deviation: near)
    logHeight.correct(log(body.height), deviation: Self.sizeJitter / trust)
    logAspect.correct(log(body.width / body.height), deviation: Self.shapeJitter / trust)
  }

  /// Forgets the body's motion.
  mutating func rest() {
    x.rest()
    y.rest()
    logHeight.rest()
    logAspect.rest()
  }
}
