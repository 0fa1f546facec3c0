import ArgumentParser
import Capture
import Evaluation
import Foundation
import Inference
import ModelFile
import Networks
import Pipeline
import Video

/// The command `adl model verify`: checks every value in a model file.
struct ModelVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check every tensor of a model. Exit status 1 if something is wrong.",
    discussion: """
      With --data it also runs the model in every number format on windows of recordings, cut as `adl recognize` cuts them, \
      and reports how far each agrees with float32; with --truth, also how often each is right.
      """)

  @Argument(help: "The model.")
  var model: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Recordings: files, or synthetic:SEED?length=SECONDS.", valueName: "video"))
  var data: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      """
      What one person does in each of the recordings, in the same order, as `adl synth --stream` writes it. Only windows \
      with a single activity from start to end count.
      """, valueName: "csv"))
  var truth: [String] = []

  @Option(help: "Largest number of windows per recording.")
  var count = 100

  @OptionGroup
  var view: RecordingView

  func validate() throws {
    guard truth.isEmpty || truth.count == data.count else {
      throw ValidationError("--truth names \(truth.count) files and --data \(data.count); each recording needs its own")
    }
  }

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
      print("\(parameters.count) tensors are valid; sha256 \(model.sha256)")
      if !data.isEmpty { try compareFormats(model) }
    }
  }

  private func truths() throws -> [StreamTruth] {
    try truth.map { path in
      let truth = try StreamTruth(path: path)
      guard truth.people.count <= 1 else {
        throw ValidationError("\(path) is about \(truth.people.count) people; --truth needs recordings of one")
      }
      return truth
    }
  }

  private func compareFormats(_ model: StudentModel) throws {
    func engine(_ precision: Precision) throws -> ClipEngine {
      try ClipEngine(
        network: model.network, parameters: model, precision: precision, ranges: model.card.ranges,
        threads: view.threads)
    }
    let exact = try engine(.f32)
    let others = try (Precision.native.dropFirst() + (model.card.ranges == nil ? [] : [.int8])).map(engine)
    var agreements = others.map { _ in PrecisionAgreement() }
    var (judged, right) = (0, [Int](repeating: 0, count: 1 + others.count))
    let truths = try truths()
    for (index, video) in data.enumerated() {
      for window in try view.windows(of: SourceDescription(recording: video), with: model, most: count) {
        let logits = try ([exact] + others).map { try $0.run(pixels: window.pixels.span)[0] }
        for (index, found) in logits.dropFirst().enumerated() {
          agreements[index].add(logits[0], found, temperature: model.card.temperature)
        }
        let span = window.firstTime / .seconds(1)...window.lastTime / .seconds(1)
        guard !truths.isEmpty, let label = truths[index].label(during: span) else { continue }
        judged += 1
        for (index, values) in logits.enumerated() {
          let first = values.indices.max { values[$0] < values[$1] }
          right[index] += first.map { model.card.labels[$0] } == label ? 1 : 0
        }
      }
    }
    guard agreements.allSatisfy({ $0.windows > 0 }) else {
      throw stopped("the recordings have no window to compare formats on", ExitStatus.data)
    }
    for (engine, agreement) in zip(others, agreements) {
      print("\(engine.precision.rawValue) against f32, \(agreement.text)")
    }
    guard judged > 0 else { return }
    for (engine, right) in zip([exact] + others, right) {
      let share = Double(right) / Double(judged)
      print(
        "\(engine.precision.rawValue): \(right) of \(judged) windows right (\(share.formatted(.number.precision(.fractionLength(4)))))"
      )
    }
  }
}
