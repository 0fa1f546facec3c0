import ArgumentParser
import Capture
import Foundation
import Inference
import ModelFile
import Networks
import Pipeline
import Video

/// `adl model verify`: every value of a model file.
struct ModelVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check every tensor of a model; ends with 1 when something is wrong.",
    discussion: """
      With --data it also runs the model in every number format on windows of recordings, cut as `adl recognize` would, and \
      says how far each agrees with float32.
      """)

  @Argument(help: "The model.")
  var model: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Recordings: files, or synthetic:SEED?length=SECONDS.", valueName: "video"))
  var data: [String] = []

  @Option(help: "At most so many windows of each recording.")
  var count = 100

  @OptionGroup
  var setup: RecognitionSetup

  func run() throws {
    try reporting {
      let model: StudentModel
      do {
        model = try StudentModel(path: self.model)
      } catch let error as ModelFileError {
        if case .cannotRead = error { throw error }
        print(error)
        throw ExitCode(1)
      }
      var findings: [String] = []
      let parameters = try model.network.graph().parameters
      for parameter in parameters {
        let values = try model.values(of: parameter)
        let bad = values.count { !$0.isFinite }
        if bad > 0 { findings.append("\(parameter.name): \(bad) of \(values.count) values are not finite") }
        if parameter.name.hasSuffix(".running_var"), values.contains(where: { $0 < 0 }) {
          findings.append("\(parameter.name): a variance is negative")
        }
      }
      let surplus = Set(model.file.entries.keys).subtracting(parameters.map(\.name)).sorted()
      if !surplus.isEmpty { print("not used: \(surplus.joined(separator: ", "))") }
      for finding in findings { print(finding) }
      guard findings.isEmpty else { throw ExitCode(1) }
      print("\(parameters.count) tensors are good; sha256 \(model.sha256)")
      if !data.isEmpty { try compareFormats(model) }
    }
  }

  private func compareFormats(_ model: StudentModel) throws {
    func engine(_ precision: Precision) throws -> ClipEngine {
      try ClipEngine(
        network: model.network, parameters: model, precision: precision, ranges: model.card.ranges,
        threads: setup.threads)
    }
    let exact = try engine(.f32)
    let others = try (Precision.native.dropFirst() + (model.card.ranges == nil ? [] : [.int8])).map(engine)
    var agreements = others.map { _ in PrecisionAgreement() }
    for video in data {
      for window in try setup.windows(of: SourceDescription(recording: video), with: model, most: count) {
        let expected = try exact.run(pixels: window.pixels.span)[0]
        for (index, engine) in others.enumerated() {
          let found = try engine.run(pixels: window.pixels.span)[0]
          agreements[index].add(expected, found, temperature: model.card.temperature)
        }
      }
    }
    for (engine, agreement) in zip(others, agreements) {
      print("\(engine.precision.rawValue) against f32, \(agreement.text)")
    }
  }
}
