import Foundation

/// A Kalman filter of one number and its rate, which dies down unless measurements keep it up.
///
/// With noises that are independent from axis to axis, as in SORT and ByteTrack, the filter of a whole box is several of
/// these and no more.
///
/// - Source: Bewley et al., SORT (2016); the rate decays as in a Singer model, so a person who isn't seen slows down.
struct KalmanAxis: Equatable, Sendable {
  private(set) var value: Double
  /// Change a second.
  private(set) var rate: Double = 0
  private(set) var variance: Double
  private var covariance = 0.0
  private var rateVariance: Double

  init(_ value: Double, deviation: Double, rateDeviation: Double) {
    self.value = value
    variance = deviation * deviation
    rateVariance = rateDeviation * rateDeviation
  }

  /// Lets time pass.
  ///
  /// - Parameters:
  ///   - seconds: at least 0.
  ///   - memory: seconds in which the rate falls to a third.
  ///   - agitation: how much the rate wanders in a second.
  mutating func predict(_ seconds: Double, memory: Double, agitation: Double) {
    let kept = exp(-seconds / memory)
    let reach = memory * (1 - kept)
    let noise = agitation * agitation
    value += reach * rate
    rate *= kept
    variance += 2 * reach * covariance + reach * reach * rateVariance + noise * seconds * seconds * seconds / 3
    covariance = kept * (covariance + reach * rateVariance) + noise * seconds * seconds / 2
    rateVariance = kept * kept * rateVariance + noise * seconds
  }

  /// How unlikely a measurement is: its negative logarithmic density, less a constant.
  ///
  /// A filter that knows little finds many measurements likely and none very.
  func surprise(_ measured: Double, deviation: Double) -> Double {
    let total = variance + deviation * deviation
    let difference = measured - value
    return (difference * difference / total + log(total)) / 2
  }

  /// Takes in a measurement with its standard deviation.
  mutating func correct(_ measured: Double, deviation: Double) {
    let total = variance + deviation * deviation
    let (gain, rateGain) = (variance / total, covariance / total)
    let difference = measured - value
    value += gain * difference
    rate += rateGain * difference
    rateVariance -= rateGain * covariance
    covariance *= 1 - gain
    variance *= 1 - gain
  }

  /// Forgets the rate, of somebody known to stand still.
  mutating func rest() {
    rate = 0
  }
}
