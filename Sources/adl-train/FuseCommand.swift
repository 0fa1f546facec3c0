import ArgumentParser
import Evaluation
import Foundation
import Training

/// The command `adl-train fuse`: combines the scores of two runs.
struct FuseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuse",
    abstract: "Average the scores of two evaluated runs, such as VPN++ and AGCN-J.",
    discussion: """
      Late fusion: the weighted average of softmax scores, clip by clip, matched by name. Both runs must have been evaluated \
      on the partition. The weight is tuned on validation scores if both runs have them; otherwise it is one half.
      """)

  @Option(help: ArgumentHelp("Folder of the RGB run.", valueName: "folder"))
  var student: String

  @Option(help: ArgumentHelp("Folder of the pose run.", valueName: "folder"))
  var pose: String

  @Option(help: "Clips to score: train, validation or test.")
  var partition = "test"

  @Option(help: "Share of the pose run, 0 to 1.")
  var weight: Double?

  @Option(help: ArgumentHelp("Also write the fused scores.", valueName: "file.jsonl"))
  var out: String?

  func validate() throws {
    if let weight, !(0...1).contains(weight) {
      throw ValidationError("--weight must be 0 to 1; it is \(weight)")
    }
  }

  func run() throws {
    try reporting {
      func scores(_ run: String, _ partition: String) throws -> ScoreFile {
        try ScoreFile.read(RunFolder(run).scores(partition, WindowPooling.paper.rawValue))
      }
      let (first, second) = (try scores(student, partition), try scores(pose, partition))
      var share = weight ?? 0.5
      let hasValidation = [student, pose].allSatisfy {
        FileManager.default.fileExists(atPath: RunFolder($0).scores("validation", WindowPooling.paper.rawValue))
      }
      if weight == nil, hasValidation {
        share = try LateFusion.bestWeight(scores(student, "validation"), scores(pose, "validation"))
      }
      let fused = try LateFusion.fuse(first, second, weight: share)
      for result in [first, second, fused].map({ EvaluationResult($0, pooling: .paper) }) {
        print(
          String(
            format: "%@: top-1 %.4f, mean class %.4f", result.system, result.top1, result.meanClassAccuracy))
      }
      print(String(format: "weight of poses %.2f", share))
      if let out { try fused.write(out) }
    }
  }
}
