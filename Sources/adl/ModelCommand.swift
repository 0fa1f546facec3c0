import ArgumentParser

/// The command `adl model`: everything about model files.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Import, inspect, verify, calibrate, create and export models.",
    subcommands: [
      ModelImportCommand.self, ModelInspectCommand.self, ModelVerifyCommand.self, ModelCreateCommand.self,
      ModelExportCommand.self, ModelCalibrateCommand.self,
    ])
}
