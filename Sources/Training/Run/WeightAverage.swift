import Networks
package import Tensors

/// An exponential moving average of a system's weights, which is what is judged, exported and built upon.
///
/// Late steps of a short run still jump about; their mean lies nearer to the middle of the valley. Running statistics of
/// batch norms are averaged as well: those of the moment belong to weights that the average has not reached yet. What does
/// not move keeps its value to the last bit.
///
/// - Source: Polyak & Juditsky 1992; the warm-up is TensorFlow's, `min(decay, (1 + step) / (10 + step))`.
package final class WeightAverage {
  /// One parameter or running statistic, and its average.
  private struct Entry {
    let isStatistic: Bool
    let weight: Tensor
    let average: Tensor
  }

  package let decay: Double
  private let entries: [Entry]
  private let weights: [Tensor]
  private let averages: [Tensor]
  private let places: [ObjectIdentifier: Int]

  /// Begins with the weights as they are.
  ///
  /// - Parameters:
  ///   - system: what learns.
  ///   - decay: share of the average that stays at a step, once it is warm.
  /// - Throws: `TensorError`.
  package init(of system: any TrainingSystem, decay: Double) throws(TensorError) {
    precondition((0..<1).contains(decay))
    self.decay = decay
    var entries: [Entry] = []
    for (_, parameters) in system.networks {
      for parameter in parameters.all where parameter.description.isStatistic || parameter.tensor.requiresGradient {
        entries.append(
          Entry(
            isStatistic: parameter.description.isStatistic, weight: parameter.tensor,
            average: try parameter.tensor.copied()))
      }
    }
    self.entries = entries
    weights = entries.map(\.weight)
    averages = entries.map(\.average)
    places = Dictionary(uniqueKeysWithValues: weights.enumerated().map { (ObjectIdentifier($1), $0) })
  }

  /// Share of the average that stays.
  ///
  /// - Parameter step: updates before this one; early averages forget the random beginning quickly.
  /// - Returns: at most `decay`.
  package func decay(at step: Int) -> Double { min(decay, Double(1 + step) / Double(10 + step)) }

  /// Takes in the weights after a step.
  ///
  /// - Parameter step: updates before this one.
  /// - Throws: `TensorError`.
  package func update(step: Int) throws(TensorError) {
    try interpolate(averages, towards: weights, by: 1 - decay(at: step))
  }

  /// Runs `body` with the averages in place of the weights.
  ///
  /// - Parameter body: sees the system as it is judged; what it changes is changed in the averages.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws, with the weights back in place.
  package func inPlaceOfWeights<Result>(_ body: () throws -> Result) throws -> Result {
    try exchange(weights, averages)
    let outcome = Swift.Result { try body() }
    try exchange(weights, averages)
    return try outcome.get()
  }

  /// Averages of running statistics.
  var statistics: [Tensor] { entries.filter(\.isStatistic).map(\.average) }

  /// The average of a weight or running statistic; `nil` for one that stays as it is.
  func average(of weight: Tensor) -> Tensor? { places[ObjectIdentifier(weight)].map { averages[$0] } }
}
