import ArgumentParser
import ModelFile
import Networks

/// `adl model export`: the same network for other runtimes.
struct ModelExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model for other runtimes.",
    discussion: "The ONNX network takes `clip` [1, 3, T, H, W], RGB in [-1, 1], and gives `logits`.")

  @Argument(help: "The model.")
  var model: String

  @Option(help: ArgumentHelp("Where the ONNX file goes.", valueName: "file.onnx"))
  var onnx: String

  func run() throws {
    try reporting {
      let model = try StudentModel(path: model)
      try ONNXExport.write(to: onnx, model.network, name: model.card.name, from: model)
      print("\(onnx): input clip \(try model.network.graph().nodes[0].shape.dimensions), output logits")
    }
  }
}
