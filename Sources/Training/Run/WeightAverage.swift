import Networks
package import Tensors

/// An exponential moving average of a system's weights, used for evaluation, export and later stages.
///
/// Late in a short run the weights still fluctuate; their mean lies closer to the minimum. Running statistics of batch
/// norms are averaged too, because the current ones belong to weights that the average has not reached yet. Values that
/// do not change stay bit-identical.
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

  /// Starts with the current weights.
  ///
  /// - Parameters:
  ///   - system: the system being trained.
  ///   - decay: share of the average kept at each step, once warmed up.
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

  /// Share of the average that is kept.
  ///
  /// - Parameter step: number of earlier updates; early averages quickly forget the random initial values.
  /// - Returns: at most `decay`.
  package func decay(at step: Int) -> Double { min(decay, Double(1 + step) / Double(10 + step)) }

  /// Adds the weights after a step.
  ///
  /// - Parameter step: number of earlier updates.
  /// - Throws: `TensorError`.
  package func update(step: Int) throws(TensorError) {
    try interpolate(averages, towards: weights, by: 1 - decay(at: step))
  }

  /// Runs `body` with the averages in place of the weights.
  ///
  /// - Parameter body: sees the system as it is evaluated; its changes apply to the averages.
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws, with the weights restored.
  package func inPlaceOfWeights<Result>(_ body: () throws -> Result) throws -> Result {
    try exchange(weights, averages)
    let outcome = Swift.Result { try body() }
    try exchange(weights, averages)
    return try outcome.get()
  }

  /// The averages of running statistics.
  var statistics: [Tensor] { entries.filter(\.isStatistic).map(\.average) }

  /// The average of a weight or running statistic; `nil` for one that does not change.
  func average(of weight: Tensor) -> Tensor? { places[ObjectIdentifier(weight)].map { averages[$0] } }
}
