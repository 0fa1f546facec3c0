import Foundation

/// Fits the temperature that turns scores into calibrated probabilities.
package enum Calibration {
  /// Temperatures that are tried; a result at either end means that the clips do not determine it.
  package static let range = 0.05...20.0

  /// The temperature that makes the true activities of `clips` most likely.
  ///
  /// Minimises the mean over clips of the mean over their windows of −log softmax(logits / T)[label]. The daemon
  /// divides the logits of every single window, so windows are fitted, and every clip has the same weight whatever its
  /// length. This is convex in 1 / T, so there is a single minimum; golden-section search on log T finds it to 1e-6 of
  /// T.
  ///
  /// - Parameter clips: validation clips, as in a `ScoreFile`.
  /// - Returns: a temperature in `range`; 1 if there are no clips.
  /// - Source: Guo et al., On Calibration of Modern Neural Networks (2017), §4.2.
  package static func temperature(fitting clips: [ScoredClip]) -> Double {
    guard !clips.isEmpty else { return 1 }
    func loss(_ logTemperature: Double) -> Double {
      clips.reduce(0) { sum, clip in
        let ofWindows = clip.windows.reduce(0) {
          $0 + Softmax.negativeLogLikelihood($1, clip.label, temperature: exp(logTemperature))
        }
        return sum + ofWindows / Double(clip.windows.count)
      }
    }
    return exp(minimum(of: loss, in: log(range.lowerBound)...log(range.upperBound), tolerance: 1e-6))
  }

  /// Golden-section search for the minimum of a unimodal function.
  private static func minimum(of function: (Double) -> Double, in range: ClosedRange<Double>, tolerance: Double)
    -> Double
  {
    let golden = (5.0.squareRoot() - 1) / 2
    var (low, high) = (range.lowerBound, range.upperBound)
    var (left, right) = (high - golden * (high - low), low + golden * (high - low))
    var (atLeft, atRight) = (function(left), function(right))
    while high - low > tolerance {
      if atLeft <= atRight {
        (high, right, atRight) = (right, left, atLeft)
        left = high - golden * (high - low)
        atLeft = function(left)
      } else {
        (low, left, atLeft) = (left, right, atRight)
        right = low + golden * (high - low)
        atRight = function(right)
      }
    }
    return (low + high) / 2
  }
}
