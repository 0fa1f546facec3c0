import Foundation

/// How the windows of a clip are combined into one prediction.
///
/// - Source: Das et al., VPN++ (2021); text and released code differ.
package enum WindowPooling: String, Codable, CaseIterable, Sendable {
  /// Softmax of each window, then the maximum over windows.
  case paper
  /// Sum of raw logits over windows.
  case code
  /// Mean of raw logits over the windows of `paper`. In neither paper nor code, but often better than the maximum, for which
  /// a single window that is wrong and certain is enough.
  case mean

  /// How results name it.
  package var title: String {
    switch self {
    case .paper: "paper windows"
    case .code: "code windows"
    case .mean: "mean of paper windows"
    }
  }

  /// The scores that rank a clip's activities: [K].
  ///
  /// - Parameters:
  ///   - windows: logits, at least one window: [W, K].
  ///   - temperature: divisor of the logits; changes the ranking for `paper` only.
  /// - Precondition: the temperature is positive.
  /// - Returns: one score per activity; the largest is the prediction.
  package func scores(of windows: [[Float]], temperature: Double = 1) -> [Double] {
    precondition(temperature > 0)
    let logits = windows.map { $0.map(Double.init) }
    switch self {
    case .paper: return Self.pooled(logits.map { Softmax.probabilities($0, temperature) }, max)
    case .code: return Self.pooled(logits, +)
    case .mean: return Self.pooled(logits, +).map { $0 / Double(windows.count) }
    }
  }

  private static func pooled(_ windows: [[Double]], _ combine: (Double, Double) -> Double) -> [Double] {
    windows.dropFirst().reduce(windows[0]) { zip($0, $1).map(combine) }
  }

  /// The scores as probabilities that sum to one, in the same order as `scores`: [K].
  ///
  /// `paper`: the scores divided by their sum. Others: softmax of the mean logits, because the softmax of the sum would
  /// become more certain with every additional window. For a single window all are its softmax.
  package func probabilities(of windows: [[Float]], temperature: Double = 1) -> [Double] {
    normalized(scores(of: windows, temperature: temperature), windows: windows.count, temperature: temperature)
  }

  /// The scores of a number of windows as probabilities.
  func normalized(_ scores: [Double], windows: Int, temperature: Double) -> [Double] {
    switch self {
    case .paper:
      let sum = scores.reduce(0, +)
      return scores.map { $0 / sum }
    case .code:
      return Softmax.probabilities(scores.map { $0 / Double(windows) }, temperature)
    case .mean:
      return Softmax.probabilities(scores, temperature)
    }
  }
}

/// Logits to probabilities, in double precision for measures that take logarithms.
enum Softmax {
  /// Softmax of `logits / temperature`, without overflow.
  static func probabilities(_ logits: [Double], _ temperature: Double) -> [Double] {
    let largest = logits.max() ?? 0
    let powers = logits.map { exp(($0 - largest) / temperature) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// −log of the probability of `label` in the softmax of `logits / temperature`; finite even if the probability
  /// underflows.
  static func negativeLogLikelihood(_ logits: [Float], _ label: Int, temperature: Double) -> Double {
    let largest = Double(logits.max() ?? 0)
    let sum = logits.reduce(0) { $0 + exp((Double($1) - largest) / temperature) }
    return log(sum) - (Double(logits[label]) - largest) / temperature
  }
}
