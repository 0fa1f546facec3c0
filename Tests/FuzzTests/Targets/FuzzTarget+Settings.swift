import Alerts
import Basics
import Capture
import Foundation
import Inference
import ModelFile
import Networks
import Pipeline
import Recognition
import Rules
import Settings
import Synthesis

@testable import Daemon

extension FuzzTarget {
  /// Settings and the families file.
  static var settingsReaders: [Reader] {
    [
      { try use(DaemonSettings.parse(text($0), path: "adld.yaml", hostName: "Host.name")) },
      { _ = try BridgeSettings.parse(text($0), path: "adl-mqtt.yaml") },
      { bytes in
        let families = try FamiliesFile.parse(text(bytes), path: "families.yaml", labels: labels)
        _ = LabelGrouping(labels: labels, families: families)
      },
      { _ = try TrainingSettings.parse(text($0), path: "train.yaml") },
      // Command-line arguments.
      { bytes in
        let overrides = try text(bytes).split(separator: "\n").map(String.init)
        _ = try TrainingSettings.parse("", path: "train.yaml", overrides: overrides)
      },
      { _ = try SourceDescription(parsing: SourceAddress(text($0)), adding: [SyntheticSource.self]) },
    ]
  }

  private static let labels = ["Drink.Fromcup", "Drink.Frombottle", "Walk", "other"]

  private static func text(_ bytes: [UInt8]) throws -> String {
    // A file that is not text is refused before it is parsed.
    guard let text = String(validating: bytes, as: UTF8.self) else { throw Unwanted() }
    return text
  }

  /// Everything the daemon derives from its settings before a camera is opened.
  private static func use(_ settings: DaemonSettings) throws {
    let card = ModelCard(network: try StudentNetwork(frames: 16, size: 112, classes: 4), name: "model", labels: labels)
    _ = ScoringOptions(settings.model, MachineLimits.current, cameras: 1)
    for camera in settings.cameras {
      _ = SourceOptions(camera, sampleRate: card.sampleRate)
      _ = try PipelineOptions(camera, settings, card)
      _ = try SourceDescription(parsing: camera.source, adding: [SyntheticSource.self])
    }
    try settings.check(againstLabels: labels, path: "adld.yaml")
    let start = Moment(monotonic: .seconds(720), wall: Date(timeIntervalSince1970: 1_790_838_000))
    var watch = RuleWatch(settings.rules, cameras: settings.cameras.map(\.name), at: start)
    _ = watch.tick(at: Moment(monotonic: start.monotonic + .seconds(60), wall: start.wall.addingTimeInterval(60)))
  }
}
