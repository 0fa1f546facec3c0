import ArgumentParser
import ModelFile
import Networks
import Settings

/// The command `adl model import`: creates a model from a checkpoint.
struct ModelImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a model from a PyTorch or NumPy checkpoint or a safetensors file with published names.",
    discussion: """
      Reads state dictionaries and whole modules of VPN++ students and of published I3D classifiers, in both formats of \
      torch.save, and I3D in Flax: a pickle of NumPy arrays under `params` and `batch_stats`. Nothing in the file is \
      executed.
      """)

  @Argument(help: "The checkpoint.")
  var checkpoint: String

  @Option(help: ArgumentHelp("Names of the activities, one per line, in the order of the logits.", valueName: "file"))
  var labels: String

  @Option(
    help: ArgumentHelp(
      "Group labels into families: YAML lines such as Drink: [label, label]. Labels in none are other.",
      valueName: "file.yaml"))
  var families: String?

  @Option(help: "Kind of network: auto, student or i3d.")
  var network = StudentImport.Kind.auto

  @Option(help: "Frames in a window, for a network without an fc layer: a multiple of 8, at least 16.")
  var frames = 64

  @Option(help: "Height and width of a sample in pixels, 112 to 320.")
  var size = 224

  @Option(help: "Samples per second that the network was trained with.")
  var sampleRate = 15.0

  @Option(help: "Temperature: logits are divided by this before the softmax.")
  var temperature = 1.0

  @Option(help: "What windows showed in training: person (the square around one) or scene (the whole picture).")
  var region: ModelCard.Region?

  @Option(help: "How pictures were made square in training: full (stretched) or centerSquare (cropped).")
  var crop: ModelCard.Crop?

  @Option(help: "The model's name. Default: the checkpoint's file name.")
  var name: String?

  @Option(help: "What it was trained on, and how well it does.")
  var training: String?

  @Option(help: "How weights are stored: f32, f16 or bf16.")
  var precision = StoredPrecision.f32

  @Option(help: ArgumentHelp("Where the model goes.", valueName: "file.safetensors"))
  var out: String

  func validate() throws {
    guard (0.001...1000).contains(temperature) else {
      throw ValidationError("--temperature is \(temperature); it must be 0.001 to 1000")
    }
    guard (1...120).contains(sampleRate) else {
      throw ValidationError("--sample-rate is \(sampleRate); it must be 1 to 120")
    }
  }

  func run() throws {
    try reporting {
      try keep([checkpoint, self.labels, self.families], from: out, option: "--out")
      let labels = try LabelFile.read(labels)
      let families = try families.map { try FamiliesFile.load(path: $0, labels: labels) } ?? []
      let source = try StudentImport(path: checkpoint, kind: network, frames: frames, size: size)
      guard labels.count == source.network.classes else {
        throw ModelFileError.unsuitable(
          path: self.labels,
          reason: "it has \(labels.count) labels; the checkpoint has \(source.network.classes) classes")
      }
      let file = checkpoint.split(separator: "/").last ?? "model"
      let card = ModelCard(
        network: source.network, name: name ?? String(file.prefix { $0 != "." }), labels: labels,
        sampleRate: sampleRate, temperature: temperature, training: training ?? "imported from \(file)",
        region: region, crop: crop, families: families)
      try StudentModel.write(to: out, card: card, type: precision.type, from: source)
      for remark in source.remarks { print(remark) }
      print(
        "\(out): \(try source.network.graph().parameterCount) parameters, sha256 \(try StudentModel(path: out).sha256)")
    }
  }
}

extension StudentImport.Kind: ExpressibleByArgument {}

extension ModelCard.Region: ExpressibleByArgument {}

extension ModelCard.Crop: ExpressibleByArgument {}
