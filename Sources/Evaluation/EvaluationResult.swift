import Foundation
import Basics

/// How good a system is on a list of clips.
package struct EvaluationResult: Sendable {
  /// The results for one activity.
  package struct ClassResult: Hashable, Sendable {
    package var label: String
    /// Number of clips with this activity.
    package var support: Int
    /// Fraction of them that were recognised; `nil` if there are none.
    package var recall: Double?
    /// Precision; `nil` if no clip was recognised as this activity.
    package var precision: Double?
    /// The other activity that its clips were recognised as most often; `nil` if none.
    package var mostConfusedWith: Int?
  }

  /// Clips whose predicted probability lies in one fifteenth of 0…1.
  package struct ReliabilityBin: Hashable, Sendable {
    package var count = 0
    /// Mean probability of the predictions; 0 for an empty bin.
    package var confidence = 0.0
    /// Fraction of correct predictions; 0 for an empty bin.
    package var accuracy = 0.0
  }

  /// Number of bins for the calibration error.
  package static let binCount = 15

  package let system: String
  package let dataset: String
  package let protocolName: String
  package let partition: String
  package let labels: [String]
  package let pooling: WindowPooling
  package let temperature: Double
  package let clipCount: Int
  package let windowCount: Int

  /// Fraction of clips whose activity ranks first.
  package let top1: Double
  /// Fraction of clips whose activity is among the first five.
  package let top5: Double
  /// Mean recall over the activities that occur; the others are in `absentClasses`.
  package let meanClassAccuracy: Double
  /// Activities without a clip in the list, in label order.
  package let absentClasses: [Int]
  /// One result per activity, in label order.
  package let perClass: [ClassResult]
  package let confusion: ConfusionMatrix
  /// Expected calibration error of the predictions.
  ///
  /// Fifteen bins of equal width over the predicted probability, each including its upper end; the mean over bins of
  /// |fraction of correct predictions − mean probability|, weighted by the number of clips.
  ///
  /// - Source: Guo et al., On Calibration of Modern Neural Networks (2017), §2.
  package let calibrationError: Double
  /// Mean of −log of the true activity's probability, in nats.
  package let negativeLogLikelihood: Double
  package let reliability: [ReliabilityBin]

  /// Evaluates all clips.
  ///
  /// Equal scores rank in label order.
  ///
  /// - Parameters:
  ///   - scores: logits of all clips.
  ///   - pooling: how a clip's windows are combined; also defines the probabilities for calibration.
  ///   - temperature: positive divisor of the logits.
  package init(_ scores: ScoreFile, pooling: WindowPooling, temperature: Double = 1) {
    var confusion = ConfusionMatrix(labels: scores.labels)
    var bins = [ReliabilityBin](repeating: ReliabilityBin(), count: Self.binCount)
    var (first, firstFive, logLikelihood, windows) = (0, 0, 0.0, 0)
    for clip in scores.clips {
      // Ranked by scores, because small probabilities may round to the same value.
      let scores = pooling.scores(of: clip.windows, temperature: temperature)
      let probabilities = pooling.normalized(scores, windows: clip.windows.count, temperature: temperature)
      let truth = scores[clip.label]
      let rank = scores.indices.count { scores[$0] > truth || (scores[$0] == truth && $0 < clip.label) }
      let prediction = scores.indices.max { (scores[$0], $1) < (scores[$1], $0) } ?? clip.label
      confusion.add(truth: clip.label, prediction: prediction)
      first += rank == 0 ? 1 : 0
      firstFive += rank < 5 ? 1 : 0
      logLikelihood -= log(max(probabilities[clip.label], .leastNormalMagnitude))
      windows += clip.windows.count

      let confidence = probabilities[prediction]
      let bin = min(max(Int((confidence * Double(Self.binCount)).rounded(.up)) - 1, 0), Self.binCount - 1)
      bins[bin].count += 1
      bins[bin].confidence += confidence
      bins[bin].accuracy += rank == 0 ? 1 : 0
    }
    for index in bins.indices where bins[index].count > 0 {
      bins[index].confidence /= Double(bins[index].count)
      bins[index].accuracy /= Double(bins[index].count)
    }

    let clipCount = scores.clips.count
    let perClass = Self.results(confusion)
    let recalls = perClass.compactMap(\.recall)
    (system, dataset, protocolName) = (scores.system, scores.dataset, scores.protocolName)
    (partition, labels) = (scores.partition, scores.labels)
    (self.pooling, self.temperature, self.clipCount, windowCount) = (pooling, temperature, clipCount, windows)
    top1 = Double(first) / Double(clipCount)
    top5 = Double(firstFive) / Double(clipCount)
    meanClassAccuracy = recalls.reduce(0, +) / Double(recalls.count)
    absentClasses = perClass.indices.filter { perClass[$0].support == 0 }
    self.perClass = perClass
    self.confusion = confusion
    calibrationError = bins.reduce(0) { $0 + Double($1.count) * abs($1.accuracy - $1.confidence) } / Double(clipCount)
    negativeLogLikelihood = logLikelihood / Double(clipCount)
    reliability = bins
  }

  /// Results per activity as a table for spreadsheets; undefined values are left empty.
  package func classTable() -> String {
    let number = { (value: Double?) in value.map { String(format: "%.6f", $0) } ?? "" }
    let rows = perClass.map { result in
      [
        result.label, String(result.support), number(result.recall), number(result.precision),
        result.mostConfusedWith.map { labels[$0] } ?? "",
      ]
    }
    return CSVText.text([["class", "clips", "recall", "precision", "most_confused_with"]] + rows)
  }

  private static func results(_ confusion: ConfusionMatrix) -> [ClassResult] {
    confusion.labels.indices.map { index in
      let row = confusion.counts[index]
      let (support, predicted) = (confusion.support(index), confusion.predicted(index))
      // Among equal confusions, the first in label order.
      let worst = row.indices.filter { $0 != index }.max { (row[$0], $1) < (row[$1], $0) }
      return ClassResult(
        label: confusion.labels[index], support: support,
        recall: support == 0 ? nil : Double(row[index]) / Double(support),
        precision: predicted == 0 ? nil : Double(row[index]) / Double(predicted),
        mostConfusedWith: worst.flatMap { row[$0] > 0 ? $0 : nil })
    }
  }
}
