import ArgumentParser
import Datasets
import Foundation
import ModelFile
import Training

/// The command `adl-train data subset`: writes a shorter list of recordings.
struct DataSubsetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "subset",
    abstract: "List part of a manifest's recordings, for example to train with few labels.",
    discussion: """
      Every label keeps its share of each partition, from as many people as possible; the same seed keeps the same \
      recordings. The new list is written next to the old one, because its paths are relative to its folder.

      Example:
        adl-train data subset data/rendered/CS.csv --train 0.1 --name CS-few.csv
      """)

  @Argument(help: "The manifest, a CSV file.")
  var list: String

  @Option(help: ArgumentHelp("Name of the new list, in the folder of the manifest.", valueName: "file.csv"))
  var name: String

  @Option(help: "Share of the training recordings to keep, above 0 to 1.")
  var train = 1.0

  @Option(help: "Share of the validation recordings.")
  var validation = 1.0

  @Option(help: "Share of the test recordings.")
  var test = 1.0

  @Flag(help: "Keep only recordings with both video and skeleton.")
  var both = false

  @Option(help: "Random seed.")
  var seed: UInt64 = 1

  func validate() throws {
    for (option, share) in [("--train", train), ("--validation", validation), ("--test", test)] {
      guard share > 0, share <= 1 else {
        throw ValidationError("\(option) must be above 0 and at most 1; it is \(share)")
      }
    }
    guard !name.isEmpty, !name.contains("/") else {
      throw ValidationError("--name must be a file name without a folder; it is '\(name)'")
    }
    guard name != URL(fileURLWithPath: list).lastPathComponent else {
      throw ValidationError("--name must differ from the manifest's own name")
    }
  }

  func run() throws {
    try reporting {
      var subset = ManifestSubset()
      subset.shares = [.train: train, .validation: validation, .test: test]
      (subset.needsBoth, subset.seed) = (both, seed)
      let text = try subset.list(of: list)
      let path = URL(fileURLWithPath: list).deletingLastPathComponent().appendingPathComponent(name).path
      try AtomicFile.write(to: path) { try $0.write(contentsOf: Data(text.utf8)) }
      print("\(path): \(text.split(separator: "\n").count - 1) recordings")
    }
  }
}
