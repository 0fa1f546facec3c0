import ArgumentParser
import ModelFile

/// The command `adl model export`: writes a model for other runtimes.
struct ModelExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a model as ONNX.",
    discussion: """
      The input is one clip of RGB values in [-1, 1] (pixel / 127.5 - 1), shape 1 x 3 x frames x size x size; the output \
      is its logits.
      """)

  @Argument(help: "The model.")
  var model: String

  @Option(help: ArgumentHelp("Where the ONNX file goes.", valueName: "file.onnx"))
  var onnx: String

  @Flag(help: "Also output every layer's activation.")
  var endpoints = false

  func run() throws {
    try reporting {
      try keep([self.model], from: onnx, option: "--onnx")
      let model = try StudentModel(path: model)
      try ONNXExport.write(to: onnx, card: model.card, endpoints: endpoints, from: model)
      print("\(onnx): ONNX of \(model.path), sha256 \(model.sha256)")
    }
  }
}
