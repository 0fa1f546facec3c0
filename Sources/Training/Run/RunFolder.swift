import Foundation

/// The folder for a run's outputs.
package struct RunFolder: Hashable, Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  package var settings: String { path + "/settings.yaml" }
  package var log: String { path + "/log.csv" }
  package var last: String { path + "/last.safetensors" }
  package var best: String { path + "/best.safetensors" }
  package var calibration: String { path + "/calibration.json" }

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

  package init(temperature: Double, clips: Int, partition: String) {
    self.temperature = temperature
    self.clips = clips
    self.partition = partition
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
