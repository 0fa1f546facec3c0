import ArgumentParser
import Foundation
import ModelFile
import Networks
import Recognition

/// The command `adl model inspect`: shows a model file's metadata.
struct ModelInspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show a model's network, labels, identity and card.")

  @Argument(help: "The model.")
  var model: String

  @Flag(help: "Print one JSON object.")
  var json = false

  private struct Report: Encodable {
    var name: String
    var sha256: String
    var network: StudentNetwork
    var parameters: Int
    var multiplyAccumulates: Int
    var labels: [String]
    /// Absent if the model has none.
    var families: [LabelFamily]?
    var sampleRate: Double
    var temperature: Double
    var isCalibrated: Bool
    var temporalPadding: String
    var training: String
  }

  /// Prints one family per line, the first one next to the title, then the number of labels in no family.
  private func printFamilies(_ card: ModelCard) {
    guard !card.families.isEmpty else { return }
    let grouping = LabelGrouping(labels: card.labels, families: card.families)
    for (index, name) in grouping.activities.enumerated() {
      let labels = grouping.labels(of: index)
      let count = labels.count == 1 ? "1 label" : "\(labels.count) labels"
      let content = index < card.families.count ? labels.joined(separator: ", ") : count
      print("\(index == 0 ? "families     " : "             ")\(name): \(content)")
    }
  }

  func run() throws {
    try reporting {
      let model = try StudentModel(path: model)
      let card = model.card
      let graph = try card.network.graph()
      let report = Report(
        name: card.name, sha256: model.sha256, network: card.network, parameters: graph.parameterCount,
        multiplyAccumulates: graph.multiplyAccumulates, labels: card.labels,
        families: card.families.isEmpty ? nil : card.families, sampleRate: card.sampleRate,
        temperature: card.temperature, isCalibrated: card.ranges != nil,
        temporalPadding: card.temporalPadding.rawValue, training: card.training)
      guard !json else {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return print(String(decoding: try encoder.encode(report), as: UTF8.self))
      }
      let network = card.network
      let billions = Double(report.multiplyAccumulates) / 1e9
      print(
        """
        name         \(report.name)
        sha256       \(report.sha256)
        network      I3D, width \(network.width.value), \(network.frames) frames of \(network.size)x\(network.size)
        Non-Local    \(network.nonLocal.rawValue)
        head         \(network.head.rawValue)
        parameters   \(report.parameters)
        MACs         \(billions.formatted(.number.precision(.fractionLength(2)))) G a window
        sample rate  \(report.sampleRate) Hz, a window spans \(Double(network.frames) / report.sampleRate) s
        temperature  \(report.temperature)
        int8         \(card.ranges.map { "calibrated, \($0.exactModules) modules stay float32" } ?? "not calibrated")
        training     \(report.training.isEmpty ? "not said" : report.training)
        labels       \(report.labels.joined(separator: ", "))
        """)
      printFamilies(card)
    }
  }
}
