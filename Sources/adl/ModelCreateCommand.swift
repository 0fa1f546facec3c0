import ArgumentParser
import Foundation
import ModelFile
import Networks

/// The command `adl model create`: creates a model with seeded random weights.
struct ModelCreateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a model with seeded random weights, for experiments.",
    discussion: "Such a model is as fast as a trained one of the same size, but its results mean nothing.")

  @Option(help: "Different seeds give different weights.")
  var seed: UInt64 = 1

  @Option(help: "Width: factor on every layer's channels.")
  var width = 1.0

  @Option(help: "Frames in a window: a multiple of 8, at least 16.")
  var frames = 64

  @Option(help: "Height and width of a sample in pixels, 112 to 320.")
  var size = 224

  @Option(help: ArgumentHelp("Names of the activities, one per line.", valueName: "file"))
  var labels: String?

  @Option(help: "Number of activities, without --labels.")
  var classes: Int?

  @Option(help: "The attention block: none, sub_sampled or full.")
  var nonLocal = StudentNetwork.NonLocal.subSampled

  @Option(help: "The head: fc or mean.")
  var head = StudentNetwork.Head.stepClassifier

  @Option(help: "How weights are stored: f32, f16 or bf16.")
  var precision = StoredPrecision.f32

  @Option(help: "Temperature: logits are divided by this before the softmax.")
  var temperature = 1.0

  @Option(help: "The model's name.")
  var name = "random"

  @Option(help: ArgumentHelp("Where the model goes.", valueName: "file.safetensors"))
  var out: String

  func validate() throws {
    if let classes, !(1...2000).contains(classes) {
      throw ValidationError("--classes must be 1 to 2000; it is \(classes)")
    }
    guard (labels == nil) != (classes == nil) else { throw ValidationError("give either --labels or --classes") }
    guard (0.001...1000).contains(temperature) else {
      throw ValidationError("--temperature is \(temperature); it must be 0.001 to 1000")
    }
  }

  func run() throws {
    try reporting {
      try keep([self.labels], from: out, option: "--out")
      let labels = try labels.map { try LabelFile.read($0) } ?? (0..<(classes ?? 0)).map { "activity\($0)" }
      let network: StudentNetwork
      do {
        network = try StudentNetwork(
          width: WidthMultiplier(width), frames: frames, size: size, classes: labels.count, nonLocal: nonLocal,
          head: head)
      } catch {
        throw ValidationError("\(error)")
      }
      let card = ModelCard(
        network: network, name: name, labels: labels, temperature: temperature,
        training: "not trained: random weights of seed \(seed); its answers mean nothing")
      try StudentModel.write(to: out, card: card, type: precision.type, from: RandomWeights(seed: seed))
      print("\(out): random weights of seed \(seed), \(try network.graph().parameterCount) parameters")
    }
  }
}

/// How weights are stored in a model file.
enum StoredPrecision: String, ExpressibleByArgument, CaseIterable {
  case f32, f16, bf16

  var type: ElementType {
    switch self {
    case .f32: .float32
    case .f16: .float16
    case .bf16: .bfloat16
    }
  }
}

extension StudentNetwork.NonLocal: ExpressibleByArgument {}
extension StudentNetwork.Head: ExpressibleByArgument {}
