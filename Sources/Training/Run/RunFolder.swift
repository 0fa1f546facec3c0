import Foundation

/// The folder for a run's outputs.
package struct RunFolder: Hashable, Sendable {
  /// One of a run's checkpoints.
  package enum Checkpoint: String, CaseIterable, Sendable {
    /// Of the epoch with the highest accuracy on the validation clips.
    case best
    /// Of the last epoch.
    case last
  }

  package let path: String

  package init(_ path: String) { self.path = path }

  package var settings: String { path + "/settings.yaml" }
  package var log: String { path + "/log.csv" }
  package var last: String { path + "/last.safetensors" }
  package var best: String { path + "/best.safetensors" }
  package var calibration: String { path + "/calibration.json" }

  /// Opens one of the run's checkpoints.
  ///
  /// A run without validation clips has no best one; its last one is used instead.
  ///
  /// - Throws: `TrainingError.unsuitable` if there is none, or `ModelFileError` for a damaged file.
  package func checkpoint(_ kind: Checkpoint) throws -> TrainingCheckpoint {
    try TrainingCheckpoint(path: kind == .last ? last : path)
  }

  /// Results for a partition.
  package func evaluation(_ partition: String) -> String { path + "/evaluation-" + partition }
  /// Logits for a partition with a window scheme such as `paper`.
  package func scores(_ partition: String, _ scheme: String) -> String {
    evaluation(partition) + "/scores-\(scheme).jsonl"
  }

  /// - Throws: `TrainingError.unsuitable` if something else has that name.
  package func create() throws(TrainingError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .unsuitable(path: path, reason: "the run's folder cannot be created; choose another --out")
    }
  }

  package var hasCheckpoint: Bool { FileManager.default.fileExists(atPath: last) }
}

/// The temperature that calibrates a run's probabilities, and what it was fitted on.
package struct CalibrationFile: Codable, Equatable, Sendable {
  package var temperature: Double
  package var clips: Int
  package var partition: String
  /// Step of the checkpoint it was fitted to; `nil` in files of earlier versions.
  package var step: Int?

  package init(temperature: Double, clips: Int, partition: String, step: Int) {
    self.temperature = temperature
    self.clips = clips
    self.partition = partition
    self.step = step
  }

  /// `nil` if the run has not been evaluated.
  package static func read(_ path: String) throws(TrainingError) -> CalibrationFile? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    do {
      return try JSONDecoder().decode(CalibrationFile.self, from: data)
    } catch {
      throw .unsuitable(path: path, reason: "it is not a calibration file; `adl-train evaluate` makes one")
    }
  }

  /// Writes the file, replacing an existing one.
  package func write(_ path: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}
