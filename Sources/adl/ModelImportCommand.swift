import ArgumentParser
import Foundation
import ModelFile
import Networks

/// `adl model import`: from a PyTorch checkpoint to a model file.
struct ModelImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a model from a PyTorch checkpoint.",
    discussion: """
      Reads state dictionaries of I3D (published Kinetics weights) and of VPN++ and I3D-Smarthome students, in PyTorch's \
      zip format and the older one. Nothing in the file is executed. The network is recognised from the tensors; \
      --network insists on one.
      """)

  /// What the checkpoint must turn out to be.
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case auto, i3d, student
  }

  @Argument(help: "The checkpoint, a .pt or .pth file.")
  var file: String

  @Option(help: ArgumentHelp("Names of the activities, one a line, in the order of the logits.", valueName: "file"))
  var labels: String

  @Option(help: "auto, i3d (no Non-Local block, no fc) or student.")
  var network = Kind.auto

  @Option(help: "Height and width it was trained with, in pixels.")
  var size = 224

  @Option(help: "Samples per second it was trained with.")
  var sampleRate = 15.0

  @Option(help: "The model's name; the file's when left out.")
  var name: String?

  @Option(help: ArgumentHelp("What it was trained on and how well it does, for the model's card.", valueName: "text"))
  var training = ""

  @Option(help: "How weights are stored: f32, f16 or bf16.")
  var precision = StoredPrecision.f32

  @Option(help: ArgumentHelp("Where the model goes.", valueName: "file.safetensors"))
  var out: String

  func validate() throws {
    guard (1...120).contains(sampleRate) else {
      throw ValidationError("--sample-rate is \(sampleRate); it must be 1 to 120")
    }
  }

  func run() throws {
    try reporting {
      let labels = try LabelFile.read(labels)
      let student = try StudentImport(TorchCheckpoint(path: file), size: size)
      guard labels.count == student.network.classes else {
        throw ModelFileError.unsuitable(
          path: self.labels, reason: "it has \(labels.count) labels and \(file) has \(student.network.classes) classes")
      }
      let isPlain = student.network.nonLocal == .none && student.network.head == .meanOverSteps
      guard network == .auto || (network == .i3d) == isPlain else {
        throw ModelFileError.unsuitable(
          path: file,
          reason: "it is \(isPlain ? "a plain I3D" : "a student"), not what --network \(network.rawValue) says")
      }
      let card = ModelCard(
        network: student.network, name: name ?? URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent,
        labels: labels, sampleRate: sampleRate, training: training)
      try StudentModel.write(to: out, card: card, type: precision.type, from: student)
      for remark in student.remarks { print(remark) }
      let model = try StudentModel(path: out)
      print("\(out): \(labels.count) activities, \(try model.network.graph().parameterCount) parameters")
      print("sha256 \(model.sha256)")
    }
  }
}
