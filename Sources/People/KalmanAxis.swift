import Foundation

/// A Kalman filter for one number and its rate, which decays unless measurements sustain it.
///
/// With noise that is independent between axes, as in SORT and ByteTrack, the filter for a whole box is just several of
/// these.
///
/// - Source: Bewley et al., SORT (2016); the rate decays as in a Singer model, so a person out of sight slows down.
struct KalmanAxis: Equatable, Sendable {
  private(set) var value: Double
  /// Change per second.
  private(set) var rate: Double = 0
  private(set) var variance: Double
  private var covariance = 0.0
  private var rateVariance: Double

  init(_ value: Double, deviation: Double, rateDeviation: Double) {
    self.value = value
    variance = deviation * deviation
    rateVariance = rateDeviation * rateDeviation
  }

  /// Advances time.
  ///
  /// - Parameters:
  ///   - seconds: at least 0.
  ///   - memory: seconds in which the rate decays to a third.
  ///   - agitation: how much the rate varies per second.
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

  /// How unlikely a measurement is: its negative log density, minus a constant.
  ///
  /// An uncertain filter finds many measurements plausible, but none very plausible.
  func surprise(_ measured: Double, deviation: Double) -> Double {
    let total = variance + deviation * deviation
    let difference = measured - value
    return (difference * difference / total + log(total)) / 2
  }

  /// Updates the estimate with a measurement and its standard deviation.
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

  /// Sets the rate to zero, for somebody known to be still.
  mutating func rest() {
    rate = 0
  }
}
